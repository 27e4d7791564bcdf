export interface OncePerIntervalOptions {
  readonly intervalMs: number;
  /** The most keys that are remembered. While there are as many, further ones are refused. */
  readonly maxKeys: number;
  /** The current time in milliseconds, on any clock that never goes back. */
  readonly now: () => number;
}

/**
 * Creates a function that returns true once per key and interval: for log lines whose cause clients can repeat at will. It
 * returns true for `maxKeys` keys per interval at most, so that clients cannot fill the log with invented keys.
 */
export function createOncePerInterval(options: OncePerIntervalOptions): (key: string) => boolean {
  const { intervalMs, maxKeys, now } = options;
  /** When each key was last accepted, the oldest first. */
  const acceptedAtMs = new Map<string, number>();
  return (key) => {
    const nowMs = now();
    for (const [oldest, atMs] of acceptedAtMs) {
      if (nowMs - atMs < intervalMs) break;
      acceptedAtMs.delete(oldest);
    }
    if (acceptedAtMs.has(key) || acceptedAtMs.size >= maxKeys) return false;
    acceptedAtMs.set(key, nowMs);
    return true;
  };
}
