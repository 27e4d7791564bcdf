/**
 * Takes what becomes of an asynchronous step: once, perhaps before the step has returned. Never throws. What
 * `Promise.withResolvers` returns is one.
 *
 * The steps of a read hand on their outcome by these, because each promise with its functions is as much garbage as the
 * state of the step itself (`npm run bench:chain`).
 */
export interface Resolvers<Value> {
  resolve(value: Value): void;
  reject(reason: unknown): void;
}

/** Starts a step. Returns the promise of its outcome. */
export function promiseOf<Value>(start: (resolvers: Resolvers<Value>) => void): Promise<Value> {
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  start({ resolve, reject });
  return promise;
}

/** Passes the outcome of a promise to resolvers. */
export function pass<Value>(promise: Promise<Value>, resolvers: Resolvers<Value>): void {
  promise.then(
    (value) => resolvers.resolve(value),
    (reason: unknown) => resolvers.reject(reason),
  );
}
