import type { CacheResult, CallObserver } from '../upstream/attempt.ts';
import type { Cache } from '../upstream/cache/index.ts';
import { withoutKey } from '../upstream/call.ts';
import type { Reading } from '../upstream/call.ts';
import type { CustomerPersonasClient, CustomerPersonasEvents } from './customer-personas.ts';
import { decodeCustomerPersona } from './decode-customer-persona.ts';
import type { CustomerPersona } from './decode-customer-persona.ts';
import { BluejayError, deadlineError } from '../upstream/errors.ts';
import type { Fingerprint } from '../upstream/fingerprint.ts';
import { createRead } from '../upstream/read.ts';
import type { Chain } from '../upstream/resilience/chain.ts';
import { createCoalescer } from '../upstream/resilience/coalesce.ts';
import type { CallContext } from '../upstream/resilience/coalesce.ts';
import type { Transport } from '../upstream/transport/transport.ts';

export interface GetCustomerPersonaOptions {
  readonly transport: Transport;
  readonly fingerprint: Fingerprint;
  readonly cache: Cache;
  readonly chain: Chain;
  readonly events: CustomerPersonasEvents;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

const operation = 'getCustomerPersona';

/** Reads one persona: from the cache, from a read that is in flight, or from Bluejay. */
export function createGetCustomerPersona(options: GetCustomerPersonaOptions): CustomerPersonasClient['get'] {
  const { transport, fingerprint, cache, chain, events, now } = options;
  const send = createRead<CustomerPersona | null>({
    chain,
    transport,
    operation,
    urlTemplate: '/v1/customer-persona/{persona_id}',
    malformedPath: '/v1/customer-persona/not-a-uuid',
    argumentNames: new Map([['persona_id', 'id']]),
    absent: null,
    now,
    onAttempt: events.onAttempt,
  });
  const coalescer = createCoalescer<Reading<CustomerPersona | null>>({
    onCoalesced: () => events.onCoalesced?.(operation),
    leaveError: (reason) => deadlineError(reason, operation),
  });

  /** Reads the shared cache, then asks Bluejay, and stores the answer. */
  async function readThrough(read: Read, context: CallContext): Promise<Reading<CustomerPersona | null>> {
    const { key, id, apiKey, tenant } = read;
    const previous = cache.isShared ? await cache.getShared(key, id) : cache.get(key);
    if (cache.isShared) {
      const isHit = previous !== undefined && cache.isFresh(previous);
      events.onSharedCache?.(isHit ? 'hit' : 'miss');
      if (isHit) return cache.read(previous);
    }
    const path = `/v1/customer-persona/${id}`;
    const decode = (body: string) => decodeCustomerPersona(body, id);
    try {
      let answer = await send({ path, apiKey, tenant, previous, decode }, context);
      if (answer.kind === 'other_not_modified') {
        // A 304 for something else than the entry confirms nothing (RFC 9111, section 4.3.4).
        answer = await send({ path, apiKey, tenant, decode }, context);
      }
      if (answer.kind === 'full') return cache.store(key, answer.value, answer, previous);
      if (answer.kind === 'not_modified') return cache.confirm(key, answer.confirmed, answer);
      throw new Error('A 304 without a condition');
    } catch (error) {
      // A key that Bluejay refuses may not read the entry either.
      if (isRefusal(error)) cache.forget(key, previous);
      throw error;
    }
  }

  /** Answers with the entry in place of an error of Bluejay's (RFC 5861, section 4). */
  function answerOnError(
    key: string,
    observer: CallObserver | undefined,
    error: unknown,
  ): Reading<CustomerPersona | null> {
    const entry = isUpstreamError(error) ? cache.get(key) : undefined;
    if (entry === undefined || !cache.mayServeOnError(entry)) throw error;
    record(observer, 'stale');
    return cache.read(entry);
  }

  function record(observer: CallObserver | undefined, result: CacheResult): void {
    observer?.onCache(result);
    events.onCache?.(result);
  }

  /** Fetches anew what was answered stale, once at a time, while nobody waits for it. */
  function refresh(read: Read, observer: CallObserver | undefined): void {
    // No time for a retry: the request is charged for one call, and the next stale answer tries again.
    const deadlineAtMs = now();
    const start = (context: CallContext) => {
      observer?.onRefresh();
      return readThrough(read, context);
    };
    // A failure is dropped: the entry stays as it is.
    coalescer.run(read.key, { deadlineAtMs }, start).catch(() => {});
  }

  return (id, caller) => {
    const { apiKey = '', observer } = caller;
    const tenant = fingerprint(apiKey);
    if (tenant === undefined) return Promise.reject(withoutKey(apiKey));
    const key = `${tenant}:${id}`;
    const read = { key, id, apiKey, tenant };
    const entry = cache.get(key);
    if (entry !== undefined && cache.isFresh(entry)) {
      record(observer, 'hit');
      return Promise.resolve(cache.read(entry));
    }
    if (entry !== undefined && cache.mayServeWhileRevalidating(entry)) {
      record(observer, 'stale');
      // A request that has ended starts nothing more.
      if (caller.signal?.aborted !== true) refresh(read, observer);
      return Promise.resolve(cache.read(entry));
    }
    record(observer, 'miss');
    const reading = coalescer.run(key, caller, (context) => readThrough(read, context));
    // Without an entry there is nothing to answer with in place of an error.
    if (entry === undefined && !cache.isShared) return reading;
    return reading.catch((error: unknown) => answerOnError(key, observer, error));
  };
}

/** One read, as it goes down to Bluejay. */
interface Read {
  readonly key: string;
  readonly id: string;
  readonly apiKey: string;
  readonly tenant: string;
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof BluejayError &&
    (error.failure.kind === 'unauthenticated' || error.failure.kind === 'forbidden')
  );
}

/**
 * Whether a gateway would have to answer 500, 502, 503 or 504: what RFC 5861, section 4, calls an error. A
 * 4xx is Bluejay's word about the persona or the key, unless something else says it in Bluejay's place.
 */
function isUpstreamError(error: unknown): boolean {
  if (!(error instanceof BluejayError)) return false;
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
