import type { CacheResult, CallObserver } from './attempt.ts';
import type { HeldEntry } from './cache/entry.ts';
import type { Cache, FoundEntry, ReadSlot } from './cache/index.ts';
import { allowedFreshUntil } from './cache/freshness.ts';
import type { Generations } from './cache/generations.ts';
import { selectHeaders } from './cache/validators.ts';
import { withoutKey } from './call.ts';
import type { Answer, Caller, Reading } from './call.ts';
import { createResourceName } from './endpoint.ts';
import { deadlineError, UpstreamError } from './errors.ts';
import type { Fingerprint } from './fingerprint.ts';
import { createCoalescer } from './resilience/coalesce.ts';
import type { CallContext } from './resilience/coalesce.ts';
import { overloadedRetryAfterMs } from './resilience/chain.ts';
import { createResilientCall } from './resilient-call.ts';
import type { ResilientCallOptions } from './resilient-call.ts';

/**
 * Calls an endpoint on behalf of a caller.
 *
 * @throws {UpstreamError} every kind; a missing or malformed key costs no call
 */
export type EndpointCall<Input, Value> = (input: Input, caller: Caller) => Promise<Reading<Value>>;

/** For logs and metrics. */
export interface ClientEvents {
  /** A caller has joined a read in flight. */
  readonly onCoalesced?: ((operation: string, service: string) => void) | undefined;
  readonly onCache?: ((result: CacheResult) => void) | undefined;
  /** The shared cache was read, which happens after a miss in memory. */
  readonly onSharedCache?: ((result: 'hit' | 'miss') => void) | undefined;
}

export interface ClientOptions<Input, Value> extends ResilientCallOptions<Input, Value> {
  readonly fingerprint: Fingerprint;
  /** The generations that writes have started. */
  readonly generations: Generations;
  /** Undefined for an endpoint without a cache. */
  readonly cache: Cache<Input, Value> | undefined;
  /** Milliseconds since the epoch. */
  readonly wallClock: () => number;
  readonly events: ResilientCallOptions<Input, Value>['events'] & ClientEvents;
}

/** Creates the read of one endpoint. It answers from the cache, from a call in flight, or from the service. */
export function createReadCall<Input extends object, Value>(
  options: ClientOptions<Input, Value>,
): EndpointCall<Input, Value> {
  const { service, title, endpoint, fingerprint, generations, cache, events, now, wallClock } = options;
  const { operation, path } = endpoint;
  const send = createResilientCall(options);
  const coalescer = createCoalescer<Reading<Value>>({
    onCoalesced: () => events.onCoalesced?.(operation, service),
    leaveError: (reason) => deadlineError(reason, { service, operation, title }),
  });
  const resourceOf = createResourceName(operation, path);

  // These are not async: an error that passes through an async function is thrown once more, which takes microseconds.

  /** Reads the shared cache, then asks the service. */
  function readThrough(
    read: Read<Input>,
    context: CallContext,
    kept: Cache<Input, Value>,
    entry: HeldEntry<Value> | undefined,
  ): Promise<Reading<Value>> {
    if (!kept.isShared) return readService(read, context, kept, { slot: read, entry });
    return kept.getShared(read, read.input).then((found) => {
      const isHit = found.entry !== undefined && kept.isFresh(found.entry);
      events.onSharedCache?.(isHit ? 'hit' : 'miss');
      return isHit ? kept.read(found.entry) : readService(read, context, kept, found);
    });
  }

  /** Asks the service, and stores its answer in the slot. */
  function readService(
    read: Read<Input>,
    context: CallContext,
    kept: Cache<Input, Value>,
    { slot, entry: previous }: FoundEntry<Value>,
  ): Promise<Reading<Value>> {
    const { input, apiKey, tenant } = read;
    const keep = (answer: Answer<Value>): Reading<Value> | Promise<Reading<Value>> => {
      if (answer.kind === 'full') return kept.store(slot, answer, answer, previous);
      if (answer.kind === 'not_modified') return kept.confirm(slot, answer.confirmed, answer);
      // The 304 is about another answer than the entry, and does not confirm it (RFC 9111, section 4.3.4).
      return send({ input, apiKey, tenant }, context).then(keep, fail);
    };
    const fail = (error: unknown) => {
      // A key that the service refuses may not read the entry either.
      if (isRefusal(error)) kept.forget(read, previous);
      return Promise.reject(error);
    };
    return send({ input, apiKey, tenant, previous }, context).then(keep, fail);
  }

  function callThrough(
    { input, apiKey, tenant }: Read<Input>,
    context: CallContext,
  ): Promise<Reading<Value>> {
    return send({ input, apiKey, tenant }, context).then((answer) => {
      // Without a cache no call is conditional.
      if (answer.kind !== 'full') throw new Error('A 304 without a condition');
      const sentAt = wallClock() - answer.elapsedMs;
      return { value: answer.value, freshUntil: allowedFreshUntil(selectHeaders(answer.headers), sentAt) };
    });
  }

  /** Answers an error of the service with the stale entry (RFC 5861, section 4). */
  function answerOnError(
    slot: ReadSlot,
    observer: CallObserver | undefined,
    error: unknown,
    kept: Cache<Input, Value>,
  ): Reading<Value> {
    const entry = isUpstreamError(error) ? kept.get(slot) : undefined;
    if (entry === undefined || !kept.mayServeOnError(entry)) throw error;
    record(observer, 'stale');
    return kept.read(entry);
  }

  function record(observer: CallObserver | undefined, result: CacheResult): void {
    observer?.onCache(result);
    events.onCache?.(result);
  }

  /** Revalidates a stale entry in the background, one call at a time. */
  function refresh(
    read: Read<Input>,
    observer: CallObserver | undefined,
    kept: Cache<Input, Value>,
    entry: HeldEntry<Value>,
  ): void {
    // A deadline in the present prevents retries: the request is charged for one call, and the next stale answer retries.
    const deadlineAtMs = now();
    const start = (context: CallContext) => {
      observer?.onRefresh();
      return readThrough(read, context, kept, entry);
    };
    // A failure is dropped: the entry stays as it is.
    coalescer.run(sharingKey(read), { deadlineAtMs }, start).catch(() => {});
  }

  function readCached(read: Read<Input>, caller: Caller, kept: Cache<Input, Value>): Promise<Reading<Value>> {
    const { observer } = caller;
    const entry = kept.get(read);
    if (entry !== undefined && kept.isFresh(entry)) {
      record(observer, 'hit');
      return Promise.resolve(kept.read(entry));
    }
    if (entry !== undefined && kept.mayServeWhileRevalidating(entry)) {
      record(observer, 'stale');
      // A request that has ended starts no call.
      if (caller.signal?.aborted !== true) refresh(read, observer, kept, entry);
      return Promise.resolve(kept.read(entry));
    }
    record(observer, 'miss');
    const reading = mayCall(observer)
      ? coalescer.run(sharingKey(read), caller, (context) => readThrough(read, context, kept, entry))
      : Promise.reject(overloaded());
    // Only an entry can replace an error.
    if (entry === undefined && !kept.isShared) return reading;
    return reading.catch((error: unknown) => answerOnError(read, observer, error, kept));
  }

  /** Returns the key of the reads that may share a call. Reads before and after a write never do. */
  function sharingKey({ key, resource }: ReadSlot): string {
    const generation = generations.leastOf(operation, resource);
    return generation === 0 ? key : `${key}@${generation}`;
  }

  function overloaded(): UpstreamError {
    return new UpstreamError(
      { kind: 'overloaded', retryAfterMs: overloadedRetryAfterMs },
      { service, operation, title },
    );
  }

  return (input, caller) => {
    const { apiKey = '' } = caller;
    const tenant = fingerprint(apiKey);
    if (tenant === undefined) return Promise.reject(withoutKey(apiKey, title ?? service));
    const resource = resourceOf(input);
    const key = `${tenant}:${resource}`;
    const read = { key, resource, generation: generations.current, input, apiKey, tenant };
    if (cache !== undefined) return readCached(read, caller, cache);
    if (!mayCall(caller.observer)) return Promise.reject(overloaded());
    return coalescer.run(sharingKey(read), caller, (context) => callThrough(read, context));
  };
}

function mayCall(observer: CallObserver | undefined): boolean {
  return observer === undefined || observer.mayCall();
}

/** One read, with the key that it shares with equal reads. */
interface Read<Input> extends ReadSlot {
  readonly input: Input;
  readonly apiKey: string;
  readonly tenant: string;
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof UpstreamError &&
    (error.failure.kind === 'unauthenticated' || error.failure.kind === 'forbidden')
  );
}

/**
 * Whether an error is one of those that RFC 5861, section 4, allows to answer with a stale entry: those for which a
 * gateway answers 500, 502, 503 or 504. A 4xx of the service's own is not.
 */
function isUpstreamError(error: unknown): boolean {
  if (!(error instanceof UpstreamError)) return false;
  const { failure } = error;
  switch (failure.kind) {
    case 'unavailable':
    case 'timeout':
    case 'overloaded':
    case 'invalid_response':
      return true;
    case 'unexpected_status':
      return failure.status === 500 || failure.reason !== undefined;
    default:
      return false;
  }
}
