import type { IncomingHttpHeaders } from 'node:http';
import type { CacheEntry } from './cache/entry.ts';
import type { Cache } from './cache/index.ts';
import { classifyStatus } from './classify-status.ts';
import { decodeCustomerPersona } from './decode-customer-persona.ts';
import type { CustomerPersona } from './decode-customer-persona.ts';
import { BluejayError, DeadlineExceeded } from './errors.ts';
import type { Operation } from './errors.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { Chain } from './resilience/chain.ts';
import type { Cancellation } from './resilience/cancellation.ts';
import { createCoalescer } from './resilience/coalesce.ts';
import type { CallContext } from './resilience/coalesce.ts';
import type { Transport } from './transport.ts';

/** On whose behalf a call is made. */
export interface Caller {
  /** Undefined when the caller had to bring a key and did not. */
  readonly apiKey: string | undefined;
  /** Ends the caller's waiting; calls that nobody else waits for are aborted. */
  readonly signal?: AbortSignal | undefined;
  /** When the caller gives up, on the clock of `performance.now()`: no retry is planned beyond it. */
  readonly deadlineAtMs?: number | undefined;
  /** Told of each call to Bluejay before it is sent. */
  readonly onCall?: ((operation: Operation) => void) | undefined;
}

/** Bluejay's customer-persona operations, one call each; they live as long as the gateway. */
export interface CustomerPersonasClient {
  /**
   * `GET /v1/customer-persona/{persona_id}`
   *
   * @param id a canonical UUID (see `parseUuid`); it becomes part of the path as it is
   * @returns the persona, or null when Bluejay has none of that id for this key
   * @throws {BluejayError} every kind; a missing key costs no call
   */
  get(id: string, caller: Caller): Promise<CustomerPersona | null>;
}

export interface CustomerPersonasClientOptions {
  readonly transport: Transport;
  readonly fingerprint: Fingerprint;
  readonly cache: Cache;
  readonly chain: Chain;
  readonly events: CustomerPersonasEvents;
}

/** For logs and metrics. */
export interface CustomerPersonasEvents {
  /** A caller's read was one that is in flight already. */
  readonly onCoalesced?: (() => void) | undefined;
  /** How a read fared with the cache. `stale`: answered with what is no longer fresh. */
  readonly onCache?: ((result: 'hit' | 'stale' | 'miss') => void) | undefined;
}

/** What one attempt brings back: the persona (null: there is none), or that the one we have still holds. */
type Answer =
  | { readonly kind: 'full'; readonly persona: CustomerPersona | null; readonly headers: IncomingHttpHeaders }
  | { readonly kind: 'not_modified'; readonly headers: IncomingHttpHeaders };

const operation = 'getCustomerPersona';
const argumentNames = new Map([['persona_id', 'id']]);
/** The deadline of a read that refreshes the cache while nobody waits for it. */
const revalidationTimeoutMs = 10_000;

export function createCustomerPersonasClient(options: CustomerPersonasClientOptions): CustomerPersonasClient {
  const { transport, fingerprint, cache, chain, events } = options;
  const coalescer = createCoalescer<CustomerPersona | null>({ onCoalesced: events.onCoalesced, leaveError });

  async function attempt(
    id: string,
    apiKey: string,
    signal: Cancellation,
    previous: CacheEntry | undefined,
  ): Promise<Answer> {
    const path = `/v1/customer-persona/${id}`;
    const response = await transport.get({
      operation,
      path,
      apiKey,
      signal,
      validators: previous?.validators,
    });
    const { status, headers } = response;
    if (status === 404) return { kind: 'full', persona: null, headers };
    if (status === 304 && previous !== undefined) return { kind: 'not_modified', headers };
    if (status !== 200) {
      throw new BluejayError(classifyStatus(response, argumentNames, Date.now()), { operation, status });
    }
    const decoded = decodeCustomerPersona(response.body, id);
    if (decoded.ok) return { kind: 'full', persona: decoded.value, headers };
    throw new BluejayError({ kind: 'invalid_response', reason: decoded.reason }, { operation, status });
  }

  /** Asks the other replicas, then Bluejay, and keeps what it says. */
  async function readThrough(read: Read, context: CallContext): Promise<CustomerPersona | null> {
    const { key, id, apiKey, tenant, onCall } = read;
    const shared = cache.isShared ? await cache.getShared(key, id) : undefined;
    if (shared !== undefined && cache.isFresh(shared)) return shared.persona;
    const previous = shared ?? cache.get(key);
    try {
      const answer = await chain(tenant, context, (signal) => {
        onCall?.(operation);
        return attempt(id, apiKey, signal, previous);
      });
      const persona = answer.kind === 'full' ? answer.persona : (previous?.persona ?? null);
      cache.store(key, persona, answer.headers, answer.kind === 'full' ? undefined : previous);
      return persona;
    } catch (error) {
      if (previous === undefined || !isCircuitOpen(error) || !cache.mayServeOnError(previous)) throw error;
      events.onCache?.('stale');
      return previous.persona;
    }
  }

  return {
    get(id, caller) {
      const { apiKey, onCall } = caller;
      if (apiKey === undefined) {
        return Promise.reject(new BluejayError({ kind: 'unauthenticated', reason: 'missing_key' }));
      }
      const tenant = fingerprint(apiKey);
      const key = `${tenant}:${id}`;
      const read = { key, id, apiKey, tenant, onCall };
      const entry = cache.get(key);
      if (entry !== undefined && cache.isFresh(entry)) {
        events.onCache?.('hit');
        return Promise.resolve(entry.persona);
      }
      if (entry !== undefined && cache.mayServeWhileRevalidating(entry)) {
        events.onCache?.('stale');
        const deadlineAtMs = performance.now() + revalidationTimeoutMs;
        // It fails for nobody: what is kept stays as it is.
        coalescer.run(key, { deadlineAtMs }, (context) => readThrough(read, context)).catch(() => {});
        return Promise.resolve(entry.persona);
      }
      events.onCache?.('miss');
      return coalescer.run(key, caller, (context) => readThrough(read, context));
    },
  };
}

/** What a caller is told whose signal has ended its waiting. */
function leaveError(reason: unknown): unknown {
  return reason instanceof DeadlineExceeded
    ? new BluejayError({ kind: 'timeout', phase: 'deadline' }, { operation })
    : reason;
}

/** One read, as it goes down to Bluejay. */
interface Read extends Pick<Caller, 'onCall'> {
  readonly key: string;
  readonly id: string;
  readonly apiKey: string;
  readonly tenant: string;
}

function isCircuitOpen(error: unknown): boolean {
  return (
    error instanceof BluejayError &&
    error.failure.kind === 'unavailable' &&
    error.failure.reason === 'circuit_open'
  );
}
