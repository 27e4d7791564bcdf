import type { CacheResult, CallObserver } from './attempt.ts';
import type { HeldEntry } from './cache/entry.ts';
import type { Cache, ReadSlot } from './cache/index.ts';
import { allowedFreshUntil } from './cache/freshness.ts';
import type { Generations } from './cache/generations.ts';
import { selectHeaders } from './cache/validators.ts';
import { CachedRead } from './cached-read.ts';
import type { Read } from './cached-read.ts';
import { withoutKey } from './call.ts';
import type { Caller, Reading } from './call.ts';
import { createResourceName } from './endpoint.ts';
import { deadlineError, UpstreamError } from './errors.ts';
import type { Fingerprint } from './fingerprint.ts';
import { createCoalescer } from './resilience/coalesce.ts';
import type { StartedCall } from './resilience/coalesce.ts';
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

  /** Reads the shared cache, where there is one, then asks the service. */
  function readThrough(
    read: Read<Input>,
    call: StartedCall<Reading<Value>>,
    kept: Cache<Input, Value>,
    entry: HeldEntry<Value> | undefined,
  ): void {
    if (kept.isShared) void readShared(read, call, kept);
    else new CachedRead(send, kept, read, call, { slot: read, entry }).start();
  }

  async function readShared(
    read: Read<Input>,
    call: StartedCall<Reading<Value>>,
    kept: Cache<Input, Value>,
  ): Promise<void> {
    try {
      const found = await kept.getShared(read, read.input);
      const isHit = found.entry !== undefined && kept.isFresh(found.entry);
      events.onSharedCache?.(isHit ? 'hit' : 'miss');
      if (isHit) call.resolve(kept.read(found.entry));
      else new CachedRead(send, kept, read, call, found).start();
    } catch (error) {
      call.reject(error);
    }
  }

  function callThrough({ input, apiKey, tenant }: Read<Input>, call: StartedCall<Reading<Value>>): void {
    send({ input, apiKey, tenant }, call, {
      resolve(answer) {
        // Without a cache no call is conditional.
        if (answer.kind !== 'full') return call.reject(new Error('A 304 without a condition'));
        const sentAt = wallClock() - answer.elapsedMs;
        const freshUntil = allowedFreshUntil(selectHeaders(answer.headers), sentAt);
        call.resolve({ value: answer.value, freshUntil });
      },
      reject: (error) => call.reject(error),
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
    const start = (call: StartedCall<Reading<Value>>) => {
      observer?.onRefresh();
      readThrough(read, call, kept, entry);
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
      ? coalescer.run(sharingKey(read), caller, (call) => readThrough(read, call, kept, entry))
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
    return coalescer.run(sharingKey(read), caller, (call) => callThrough(read, call));
  };
}

function mayCall(observer: CallObserver | undefined): boolean {
  return observer === undefined || observer.mayCall();
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
