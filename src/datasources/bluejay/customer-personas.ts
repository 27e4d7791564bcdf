import { classifyStatus } from './classify-status.ts';
import { decodeCustomerPersona } from './decode-customer-persona.ts';
import type { CustomerPersona } from './decode-customer-persona.ts';
import { BluejayError, DeadlineExceeded } from './errors.ts';
import type { Operation } from './errors.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { Chain } from './resilience/chain.ts';
import { createCoalescer } from './resilience/coalesce.ts';
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
  readonly chain: Chain;
  /** Told of each caller whose read was one that is in flight already. */
  readonly onCoalesced?: (() => void) | undefined;
}

const operation = 'getCustomerPersona';
const argumentNames = new Map([['persona_id', 'id']]);

export function createCustomerPersonasClient(options: CustomerPersonasClientOptions): CustomerPersonasClient {
  const { transport, fingerprint, chain, onCoalesced } = options;
  const coalescer = createCoalescer<CustomerPersona | null>(onCoalesced);

  async function read(id: string, apiKey: string, signal: AbortSignal): Promise<CustomerPersona | null> {
    const path = `/v1/customer-persona/${id}`;
    const response = await transport.get({ operation, path, apiKey, signal });
    const { status } = response;
    if (status === 404) return null;
    if (status !== 200) {
      throw new BluejayError(classifyStatus(response, argumentNames, Date.now()), { operation, status });
    }
    const decoded = decodeCustomerPersona(response.body, id);
    if (decoded.ok) return decoded.value;
    throw new BluejayError({ kind: 'invalid_response', reason: decoded.reason }, { operation, status });
  }

  return {
    async get(id, caller) {
      const { apiKey, onCall } = caller;
      if (apiKey === undefined) throw new BluejayError({ kind: 'unauthenticated', reason: 'missing_key' });
      const tenant = fingerprint(apiKey);
      try {
        return await coalescer.run(`${tenant}:${id}`, caller, (context) =>
          chain(tenant, context, (signal) => {
            onCall?.(operation);
            return read(id, apiKey, signal);
          }),
        );
      } catch (error) {
        if (!(error instanceof DeadlineExceeded)) throw error;
        throw new BluejayError({ kind: 'timeout', phase: 'deadline' }, { operation });
      }
    },
  };
}
