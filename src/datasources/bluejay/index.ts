import type { Caller, Reading } from '../upstream/call.ts';
import { createUpstream } from '../upstream/index.ts';
import type { Upstream, UpstreamEvents, UpstreamLimits, UpstreamOptions } from '../upstream/index.ts';
import { listCustomerPersonasByAgent } from './agent.ts';
import { getCustomerPersona } from './customer-persona.ts';
import type { CustomerPersona } from './customer-persona.ts';
import {
  createCustomerPersona,
  deleteCustomerPersona,
  updateCustomerPersona,
} from './customer-persona-writes.ts';
import type { NewPersona, PersonaChanges } from './customer-persona-writes.ts';
import { credential, errorDialect, service, title } from './service.ts';

/** The prefix of keys in the shared cache. It changes with the format of an entry, so versions do not share entries. */
export const sharedKeyPrefix = 'bluejay-graphql:4:';

/** What the gateway calls of Bluejay. */
export const endpoints = [
  getCustomerPersona,
  listCustomerPersonasByAgent,
  createCustomerPersona,
  updateCustomerPersona,
  deleteCustomerPersona,
] as const;

/** The names of Bluejay's operations. */
export const bluejayOperations = { service, operations: endpoints.map(({ operation }) => operation) };

export type BluejayOptions = Pick<
  UpstreamOptions<typeof endpoints>,
  'baseUrl' | 'userAgent' | 'proxy' | 'auth' | 'cache' | 'events' | 'peers' | 'now' | 'wallClock' | 'random'
> &
  UpstreamLimits;

/** For logs and metrics. */
export type BluejayEvents = UpstreamEvents;

/** Bluejay's customer-persona operations; they live as long as the gateway. */
export interface CustomerPersonasClient {
  /**
   * Reads one persona: `GET /v1/customer-persona/{persona_id}`.
   *
   * @param id a canonical UUID (see `parseUuid`)
   * @returns the persona, or null when Bluejay has none of that id for this key
   * @throws {UpstreamError} every kind; a missing or malformed key costs no call
   */
  get(id: string, caller: Caller): Promise<Reading<CustomerPersona | null>>;
  /**
   * Lists an agent's personas: `GET /v1/customer-personas-by-agent/{agent_id}`.
   *
   * @param agentId a safe integer
   * @returns the agent's personas in Bluejay's order; none when Bluejay has no such agent for this key
   * @throws {UpstreamError} every kind; a missing or malformed key costs no call
   */
  listByAgent(agentId: number, caller: Caller): Promise<Reading<readonly CustomerPersona[]>>;
  /**
   * `POST /v1/create-customer-persona`
   *
   * @returns the new persona, or null when Bluejay does not say its id
   * @throws {UpstreamError} every kind, with its `outcome`: the call is sent once
   */
  create(persona: NewPersona, caller: Caller): Promise<Reading<CustomerPersona | null>>;
  /**
   * `PUT /v1/update-customer-persona/{persona_id}`
   *
   * @param id a canonical UUID
   * @throws {UpstreamError} as `create`; `not_found` where Bluejay has none of that id for this key
   */
  update(id: string, changes: PersonaChanges, caller: Caller): Promise<Reading<CustomerPersona>>;
  /**
   * `DELETE /v1/customer-persona/{persona_id}`
   *
   * @param id a canonical UUID
   * @returns the persona as it was
   * @throws {UpstreamError} as `update`
   */
  delete(id: string, caller: Caller): Promise<Reading<CustomerPersona>>;
}

/** Bluejay's API with its sockets, cache, breakers and budgets, shared by all requests. */
export interface Bluejay extends Omit<Upstream<typeof endpoints>, 'calls'> {
  readonly customerPersonas: CustomerPersonasClient;
}

/**
 * Opens Bluejay's API.
 *
 * @example
 * const bluejay = await createBluejay({ baseUrl: 'https://api.getbluejay.ai', userAgent: 'my-service/1' });
 * const { value } = await bluejay.customerPersonas.get(id, { apiKey });
 */
export async function createBluejay(options: BluejayOptions): Promise<Bluejay> {
  const { timeoutMs, maxInFlight, maxQueue, maxWritesInFlight, cache, ...others } = options;
  const { calls, ...upstream } = await createUpstream({
    ...others,
    name: service,
    title,
    credential,
    errorDialect,
    cache: { keyPrefix: sharedKeyPrefix, ...cache },
    limits: {
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(maxInFlight !== undefined && { maxInFlight }),
      ...(maxQueue !== undefined && { maxQueue }),
      ...(maxWritesInFlight !== undefined && { maxWritesInFlight }),
    },
    endpoints,
  });
  return {
    ...upstream,
    customerPersonas: {
      get: (id, caller) => calls.getCustomerPersona({ persona_id: id }, caller),
      listByAgent: (agentId, caller) => calls.listCustomerPersonasByAgent({ agent_id: agentId }, caller),
      create: (body, caller) => calls.createCustomerPersona({ body }, caller),
      update: (id, body, caller) => calls.updateCustomerPersona({ persona_id: id, body }, caller),
      delete: (id, caller) => calls.deleteCustomerPersona({ persona_id: id }, caller),
    },
  };
}
