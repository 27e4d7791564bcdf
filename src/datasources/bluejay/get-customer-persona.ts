import type { CacheResult, CallObserver } from './attempt.ts';
import { readEntry } from './cache/entry.ts';
import type { Cache } from './cache/index.ts';
import { missingKey } from './call.ts';
import type { Reading } from './call.ts';
import type { CustomerPersonasClient, CustomerPersonasEvents } from './customer-personas.ts';
import { decodeCustomerPersona } from './decode-customer-persona.ts';
import type { CustomerPersona } from './decode-customer-persona.ts';
import { BluejayError, deadlineError } from './errors.ts';
import type { Fingerprint } from './fingerprint.ts';
import { createRead } from './read.ts';
import type { Chain } from './resilience/chain.ts';
import { createCoalescer } from './resilience/coalesce.ts';
import type { CallContext } from './resilience/coalesce.ts';
import type { Transport } from './transport.ts';

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
/** The deadline of a read that refreshes the cache while nobody waits for it. */
const revalidationTimeoutMs = 10_000;

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

  /** Asks the other replicas, then Bluejay, and keeps what it says. */
  async function readThrough(read: Read, context: CallContext): Promise<Reading<CustomerPersona | null>> {
    const { key, id, apiKey, tenant } = read;
    const shared = cache.isShared ? await cache.getShared(key, id) : undefined;
    const isHit = shared !== undefined && cache.isFresh(shared);
    if (cache.isShared) events.onSharedCache?.(isHit ? 'hit' : 'miss');
    if (isHit) return readEntry(shared);
    const previous = shared ?? cache.get(key);
    try {
      const decode = (body: string) => decodeCustomerPersona(body, id);
      const path = `/v1/customer-persona/${id}`;
      const answer = await send({ path, apiKey, tenant, previous, decode }, context);
      if (answer.kind === 'full') return cache.store(key, answer.value, answer.headers, previous);
      return cache.confirm(key, answer.confirmed, answer.headers);
    } catch (error) {
      if (previous === undefined) throw error;
      // A key that has lost its right has lost it to what is kept, too.
      if (isRefusal(error)) cache.forget(key);
      if (!isCircuitOpen(error) || !cache.mayServeOnError(previous)) throw error;
      recordCache(context.observer, 'stale');
      return readEntry(previous);
    }
  }

  function recordCache(observer: CallObserver | undefined, result: CacheResult): void {
    observer?.onCache(result);
    events.onCache?.(result);
  }

  /** Fetches anew what was answered stale, once at a time, while nobody waits for it. */
  function refresh(read: Read, observer: CallObserver | undefined): void {
    const deadlineAtMs = now() + revalidationTimeoutMs;
    const start = (context: CallContext) => {
      observer?.onRefresh();
      return readThrough(read, context);
    };
    // It fails for nobody: what is kept stays as it is.
    coalescer.run(read.key, { deadlineAtMs }, start).catch(() => {});
  }

  return (id, caller) => {
    const { apiKey, observer } = caller;
    if (apiKey === undefined) return Promise.reject(missingKey());
    const tenant = fingerprint(apiKey);
    const key = `${tenant}:${id}`;
    const read = { key, id, apiKey, tenant };
    const entry = cache.get(key);
    if (entry !== undefined && cache.isFresh(entry)) {
      recordCache(observer, 'hit');
      return Promise.resolve(readEntry(entry));
    }
    if (entry !== undefined && cache.mayServeWhileRevalidating(entry)) {
      recordCache(observer, 'stale');
      // A request that has ended starts nothing more.
      if (caller.signal?.aborted !== true) refresh(read, observer);
      return Promise.resolve(readEntry(entry));
    }
    recordCache(observer, 'miss');
    return coalescer.run(key, caller, (context) => readThrough(read, context));
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

function isCircuitOpen(error: unknown): boolean {
  return (
    error instanceof BluejayError &&
    error.failure.kind === 'unavailable' &&
    error.failure.reason === 'circuit_open'
  );
}
