import { classifyStatus } from './classify-status.ts';
import { decodeCustomerPersona } from './decode-customer-persona.ts';
import type { CustomerPersona } from './decode-customer-persona.ts';
import { BluejayError } from './errors.ts';
import type { Operation } from './errors.ts';
import type { Transport } from './transport.ts';

/** On whose behalf a call is made. */
export interface Caller {
  /** Undefined when the caller had to bring a key and did not. */
  readonly apiKey: string | undefined;
  /** Aborts every call that is still in flight. */
  readonly signal?: AbortSignal | undefined;
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
  /** Milliseconds since the epoch. @default Date.now */
  readonly now?: () => number;
}

const operation = 'getCustomerPersona';
const argumentNames = new Map([['persona_id', 'id']]);

export function createCustomerPersonasClient(options: CustomerPersonasClientOptions): CustomerPersonasClient {
  const { transport, now = Date.now } = options;
  return {
    async get(id, { apiKey, signal, onCall }) {
      if (apiKey === undefined) throw new BluejayError({ kind: 'unauthenticated', reason: 'missing_key' });
      onCall?.(operation);
      const path = `/v1/customer-persona/${id}`;
      const response = await transport.get({ operation, path, apiKey, signal });
      const { status } = response;
      if (status === 404) return null;
      if (status !== 200) {
        throw new BluejayError(classifyStatus(response, argumentNames, now()), { operation, status });
      }
      const decoded = decodeCustomerPersona(response.body, id);
      if (decoded.ok) return decoded.value;
      throw new BluejayError({ kind: 'invalid_response', reason: decoded.reason }, { operation, status });
    },
  };
}
