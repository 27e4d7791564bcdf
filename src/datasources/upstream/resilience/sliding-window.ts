const buckets = 10;

/** Two counts over the recent past, forgotten bucket by bucket. */
export interface SlidingWindow {
  /** Counts into the present. */
  add(first: number, second: number): void;
  /** The sums over the window. */
  totals(): { readonly first: number; readonly second: number };
  clear(): void;
}

/**
 * @param windowMs how far back the sums reach; they forget a tenth of it at a time
 * @param now milliseconds on a clock that never goes back
 */
export function createSlidingWindow(windowMs: number, now: () => number): SlidingWindow {
  const bucketMs = windowMs / buckets;
  const firsts = new Float64Array(buckets);
  const seconds = new Float64Array(buckets);
  let current = 0;
  let first = 0;
  let second = 0;

  function clear(): void {
    firsts.fill(0);
    seconds.fill(0);
    first = 0;
    second = 0;
  }

  function advance(): void {
    const present = Math.floor(now() / bucketMs);
    for (let bucket = Math.max(current + 1, present - buckets + 1); bucket <= present; bucket += 1) {
      const index = bucket % buckets;
      first -= firsts[index] ?? 0;
      second -= seconds[index] ?? 0;
      firsts[index] = 0;
      seconds[index] = 0;
    }
    current = present;
  }

  return {
    add(addedFirst, addedSecond) {
      advance();
      const index = current % buckets;
      firsts[index] = (firsts[index] ?? 0) + addedFirst;
      seconds[index] = (seconds[index] ?? 0) + addedSecond;
      first += addedFirst;
      second += addedSecond;
    },
    totals() {
      advance();
      return { first, second };
    },
    clear,
  };
}
