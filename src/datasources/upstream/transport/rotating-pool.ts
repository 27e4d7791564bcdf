import type { Dispatcher, Pool } from 'undici';

export interface RotatingPool {
  dispatch(request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void;
  /** Closes every connection; requests in flight fail. */
  destroy(): Promise<void>;
}

/**
 * Creates a pool that is replaced every `maxAgeMs`, so that no connection gets much older. Requests in flight are
 * finished on the old pool. undici's own `clientTtl` costs every request a look at every connection's age.
 */
export function createRotatingPool(open: () => Pool, maxAgeMs: number): RotatingPool {
  let current = open();
  const closing = new Set<Pool>();
  const rotation = setInterval(() => {
    const old = current;
    current = open();
    closing.add(old);
    void old.close().finally(() => closing.delete(old));
  }, maxAgeMs);
  rotation.unref();
  return {
    dispatch: (request, handler) => void current.dispatch(request, handler),
    async destroy() {
      clearInterval(rotation);
      await Promise.all([current, ...closing].map((pool) => pool.destroy()));
    },
  };
}
