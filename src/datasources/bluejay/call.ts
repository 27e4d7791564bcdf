import type { IncomingHttpHeaders } from 'node:http';
import type { Cancellation } from '../../cancellation.ts';
import type { CacheEntry } from './cache/entry.ts';
import { classifyStatus } from './classify-status.ts';
import { BluejayError } from './errors.ts';
import type { Operation } from './errors.ts';
import type { Decoded } from './json.ts';
import type { Transport } from './transport.ts';

/** On whose behalf a call is made. */
export interface Caller {
  /** Undefined when the caller had to bring a key and did not. */
  readonly apiKey: string | undefined;
  /** Ends the caller's waiting; calls that nobody else waits for are aborted. */
  readonly signal?: Cancellation | undefined;
  /** When the caller gives up, on the clock of `performance.now()`: no retry is planned beyond it. */
  readonly deadlineAtMs?: number | undefined;
  /** Told of each call to Bluejay before it is sent. */
  readonly onCall?: ((operation: Operation) => void) | undefined;
}

/** What was read, and how long it may be used without asking again. */
export interface Reading<Value> {
  readonly value: Value;
  /** Until when Bluejay itself allows that, in milliseconds since the epoch; 0 where it says nothing. */
  readonly freshUntil: number;
}

export interface CallOptions<Value> {
  readonly transport: Transport;
  readonly operation: Operation;
  /** The gateway's argument names by Bluejay's parameter names. */
  readonly argumentNames: ReadonlyMap<string, string>;
  /** What a 404 stands for: there is nothing of that id that the key may see. */
  readonly absent: Value;
  /** @default 1048576 */
  readonly maxResponseBytes?: number;
}

/** What one call brings back: the value, or that the entry we have still holds. */
type Answer<Value> =
  | { readonly kind: 'full'; readonly value: Value; readonly headers: IncomingHttpHeaders }
  | { readonly kind: 'not_modified'; readonly confirmed: CacheEntry; readonly headers: IncomingHttpHeaders };

interface CallRequest<Value> {
  /** See `Transport`. */
  readonly path: string;
  readonly apiKey: string;
  readonly signal: Cancellation;
  /** What is kept, and may be confirmed. */
  readonly previous?: CacheEntry | undefined;
  readonly decode: (body: string) => Decoded<Value>;
}

/**
 * One read of Bluejay's, sent once: its status and its body become a value or an error.
 *
 * @throws {BluejayError} every kind but `overloaded`
 * @throws the signal's reason, once it is aborted
 */
export type Call<Value> = (request: CallRequest<Value>) => Promise<Answer<Value>>;

export function createCall<Value>(options: CallOptions<Value>): Call<Value> {
  const { transport, operation, argumentNames, absent, maxResponseBytes = 1_048_576 } = options;
  return async ({ path, apiKey, signal, previous, decode }) => {
    const validators = previous?.validators;
    const response = await transport.get({ operation, path, apiKey, signal, validators, maxResponseBytes });
    const { status, headers } = response;
    if (status === 404) return { kind: 'full', value: absent, headers };
    if (status === 304 && previous !== undefined) {
      return { kind: 'not_modified', confirmed: previous, headers };
    }
    if (status !== 200) {
      throw new BluejayError(classifyStatus(response, argumentNames, Date.now()), { operation, status });
    }
    const decoded = decode(response.body);
    if (decoded.ok) return { kind: 'full', value: decoded.value, headers };
    throw new BluejayError({ kind: 'invalid_response', reason: decoded.reason }, { operation, status });
  };
}

export function missingKey(): BluejayError {
  return new BluejayError({ kind: 'unauthenticated', reason: 'missing_key' });
}
