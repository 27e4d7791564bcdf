/** Upper bounds of durations in seconds, from cache reads to the longest deadlines. The alerts need 1. */
export const durationBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** Upper bounds of the number of keys in a batch. */
export const batchSizeBounds = [1, 2, 5, 10, 25, 50, 100, 250, 1_000] as const;
