import type { Attempt, AttemptResult, CacheResult } from '../upstream/attempt.ts';
import type { Caller, Reading } from '../upstream/call.ts';
import type { CustomerPersona } from './decode-customer-persona.ts';
import type { Operation } from '../upstream/errors.ts';

/** Bluejay's customer-persona operations, one call each; they live as long as the gateway. */
export interface CustomerPersonasClient {
  /**
   * `GET /v1/customer-persona/{persona_id}`
   *
   * @param id a canonical UUID (see `parseUuid`); it becomes part of the path as it is
   * @returns the persona, or null when Bluejay has none of that id for this key
   * @throws {BluejayError} every kind; a missing or malformed key costs no call
   */
  get(id: string, caller: Caller): Promise<Reading<CustomerPersona | null>>;
  /**
   * `GET /v1/customer-personas-by-agent/{agent_id}`
   *
   * @param agentId a safe integer
   * @returns the agent's personas in Bluejay's order; none when Bluejay has no such agent for this key
   * @throws {BluejayError} every kind; a missing or malformed key costs no call
   */
  listByAgent(agentId: number, caller: Caller): Promise<Reading<readonly CustomerPersona[]>>;
}

/** For logs and metrics. */
export interface CustomerPersonasEvents {
  /** A caller's read was one that is in flight already. */
  readonly onCoalesced?: ((operation: Operation) => void) | undefined;
  readonly onCache?: ((result: CacheResult) => void) | undefined;
  /** Whether the cache that replicas share had a fresh persona; asked only after a miss. */
  readonly onSharedCache?: ((result: 'hit' | 'miss') => void) | undefined;
  /** An attempt of a call to Bluejay has ended. */
  readonly onAttempt?: ((attempt: Attempt, result: AttemptResult) => void) | undefined;
  /** So many items of a list were null or had no id, and were left out. */
  readonly onItemsDropped?: ((count: number) => void) | undefined;
}
