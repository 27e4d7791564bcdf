/**
 * Takes what becomes of an asynchronous step (continuation-passing style): once, perhaps before the step has returned. Never
 * throws. What `Promise.withResolvers` returns is one.
 *
 * The steps of a read hand on their outcome by these, because a promise with its functions is more garbage than the state of
 * the step itself (`npm run bench:garbage`).
 */
export interface Continuation<Value> {
  resolve(value: Value): void;
  reject(reason: unknown): void;
}

/** Starts a step. Returns the promise of its outcome. */
export function promiseOf<Value>(start: (continuation: Continuation<Value>) => void): Promise<Value> {
  const { promise, resolve, reject } = Promise.withResolvers<Value>();
  start({ resolve, reject });
  return promise;
}

/** Passes the outcome of a promise to a continuation. */
export function pass<Value>(promise: Promise<Value>, continuation: Continuation<Value>): void {
  promise.then(
    (value) => continuation.resolve(value),
    (reason: unknown) => continuation.reject(reason),
  );
}
