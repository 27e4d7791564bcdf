/** Upper bounds in seconds, from a read of the cache to the longest deadlines. The alerts use 1. */
export const durationBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** Upper bounds of how many things one batch reads. */
export const batchSizeBounds = [1, 2, 5, 10, 25, 50, 100, 250, 1_000] as const;
