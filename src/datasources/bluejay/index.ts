import type { Caller, Reading } from '../upstream/call.ts';
import { createUpstream } from '../upstream/index.ts';
import type { Upstream, UpstreamEvents, UpstreamLimits, UpstreamOptions } from '../upstream/index.ts';
import { listCustomerPersonasByAgent } from './agent.ts';
import { getCustomerPersona } from './customer-persona.ts';
import type { CustomerPersona } from './customer-persona.ts';
import { credential, errorDialect, service, title } from './service.ts';

/** Begins the keys of the shared cache. It changes with the form of an entry: replicas of two versions share none. */
export const sharedKeyPrefix = 'bluejay-graphql:3:';

/** What the gateway calls of Bluejay. */
export const endpoints = [getCustomerPersona, listCustomerPersonasByAgent] as const;

/** What Bluejay does, by name. */
export const bluejayOperations = { service, operations: endpoints.map(({ operation }) => operation) };

export type BluejayOptions = Pick<
  UpstreamOptions<typeof endpoints>,
  'baseUrl' | 'userAgent' | 'proxy' | 'auth' | 'cache' | 'events' | 'now' | 'wallClock' | 'random'
> &
  UpstreamLimits;

/** For logs and metrics. */
export type BluejayEvents = UpstreamEvents;

/** Bluejay's customer-persona operations; they live as long as the gateway. */
export interface CustomerPersonasClient {
  /**
   * `GET /v1/customer-persona/{persona_id}`
   *
   * @param id a canonical UUID (see `parseUuid`)
   * @returns the persona, or null when Bluejay has none of that id for this key
   * @throws {UpstreamError} every kind; a missing or malformed key costs no call
   */
  get(id: string, caller: Caller): Promise<Reading<CustomerPersona | null>>;
  /**
   * `GET /v1/customer-personas-by-agent/{agent_id}`
   *
   * @param agentId a safe integer
   * @returns the agent's personas in Bluejay's order; none when Bluejay has no such agent for this key
   * @throws {UpstreamError} every kind; a missing or malformed key costs no call
   */
  listByAgent(agentId: number, caller: Caller): Promise<Reading<readonly CustomerPersona[]>>;
}

/** Bluejay's API with everything that is shared between requests. */
export interface Bluejay extends Omit<Upstream<typeof endpoints>, 'calls'> {
  readonly customerPersonas: CustomerPersonasClient;
}

export async function createBluejay(options: BluejayOptions): Promise<Bluejay> {
  const { timeoutMs, maxInFlight, maxQueue, cache, ...others } = options;
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
    },
    endpoints,
  });
  return {
    ...upstream,
    customerPersonas: {
      get: (id, caller) => calls.getCustomerPersona({ persona_id: id }, caller),
      listByAgent: (agentId, caller) => calls.listCustomerPersonasByAgent({ agent_id: agentId }, caller),
    },
  };
}
