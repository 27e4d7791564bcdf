import { parseAgentId } from './agent-id.ts';
import { createLoader } from './loader.ts';
import type { Hints, Loader, OnBatch, RequestReads } from './loader.ts';
import type { CustomerPersona } from './bluejay/customer-persona.ts';
import type { CustomerPersonasClient } from './bluejay/index.ts';
import { invalidInput } from './upstream/errors.ts';
import type { UpstreamError } from './upstream/errors.ts';
import { parseUuid } from './uuid.ts';

/** The customer personas that one request reads: each at most once. */
export interface CustomerPersonas {
  /**
   * Reads one persona, unless one of the request's lists contains it.
   *
   * @returns the persona, or null when Bluejay has none of that id for this caller
   * @throws {UpstreamError} every kind; `invalid_input` about `id` costs no call
   */
  load(id: string): Promise<CustomerPersona | null>;
  /**
   * Lists the personas of an agent.
   *
   * @param agentId a safe integer, also as a string
   * @returns the agent's personas in Bluejay's order; none of an agent that Bluejay does not have
   * @throws {UpstreamError} every kind; `invalid_input` about `agentId` costs no call
   */
  listByAgent(agentId: string | number): Promise<readonly CustomerPersona[]>;
}

interface CustomerPersonasOptions {
  readonly client: CustomerPersonasClient;
  readonly reads: RequestReads;
  readonly onBatch: OnBatch | undefined;
}

/** Creates the customer personas of one request. */
export function createCustomerPersonas(options: CustomerPersonasOptions): CustomerPersonas {
  const { client, reads, onBatch } = options;
  const { caller } = reads;
  let lists: Lists | undefined;

  const personas = createLoader<string, CustomerPersona | null>({
    reads,
    operation: 'getCustomerPersona',
    read: (id) => client.get(id, caller),
    onBatch,
  });

  function createLists(): Lists {
    const known = new Map<string, CustomerPersona>();
    const loader = createLoader<number, readonly CustomerPersona[]>({
      reads,
      operation: 'listCustomerPersonasByAgent',
      read: (agentId) => client.listByAgent(agentId, caller),
      onBatch,
      onValue(listed) {
        for (const persona of listed) known.set(persona.id, persona);
      },
      // One list is many personas.
      manyLoads: 0,
    });
    return { loader, pending: new Set(), known };
  }

  return {
    load(id) {
      const canonical = parseUuid(id);
      return canonical === undefined ? Promise.reject(notUuid()) : personas.load(canonical);
    },
    async listByAgent(agentId) {
      const number = parseAgentId(agentId);
      if (number === undefined) throw notAgentId();
      // A single persona may be in one of the lists that the same request reads.
      personas.hints = lists ??= createLists();
      const list = lists.loader.load(number);
      lists.pending.add(list);
      return list;
    },
  };
}

/** The lists of a request; most requests have none. */
interface Lists extends Hints<string, CustomerPersona> {
  readonly loader: Loader<number, readonly CustomerPersona[]>;
  readonly pending: Set<Promise<unknown>>;
}

function notUuid(): UpstreamError {
  return invalidInput('id', 'Expected a UUID such as 3c90c3cc-0d44-4b50-8888-8dd25736052a', 'uuid_parsing');
}

function notAgentId(): UpstreamError {
  return invalidInput('agentId', 'Expected the id of an agent: a whole number such as 7', 'int_parsing');
}
