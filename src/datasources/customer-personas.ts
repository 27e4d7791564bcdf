import { parseAgentId } from './agent-id.ts';
import { createLoader } from './loader.ts';
import type { Loader } from './loader.ts';
import type { Caller } from './upstream/call.ts';
import type { CustomerPersona } from './bluejay/customer-persona.ts';
import type { CustomerPersonasClient } from './bluejay/index.ts';
import { invalidInput } from './upstream/errors.ts';
import type { UpstreamError } from './upstream/errors.ts';
import { parseUuid } from './uuid.ts';

/** Customer personas; within a request the same thing is read once. */
export interface CustomerPersonas {
  /**
   * A persona that one of the request's lists has brought is not read again.
   *
   * @returns the persona, or null when Bluejay has none of that id for this caller
   * @throws {UpstreamError} every kind; `invalid_input` about `id` costs no call
   */
  load(id: string): Promise<CustomerPersona | null>;
  /**
   * @param agentId a safe integer, also as a string
   * @returns the agent's personas in Bluejay's order; none of an agent that Bluejay does not have
   * @throws {UpstreamError} every kind; `invalid_input` about `agentId` costs no call
   */
  listByAgent(agentId: string | number): Promise<readonly CustomerPersona[]>;
}

interface CustomerPersonasOptions {
  readonly client: CustomerPersonasClient;
  readonly caller: Caller;
  readonly batchConcurrency: number;
  /** Told of each read, until when Bluejay allows it to be used (milliseconds since the epoch). */
  readonly onRead: (freshUntil: number) => void;
  /** Told of each batch: how many different things it reads. */
  readonly onBatch: ((operation: string, size: number) => void) | undefined;
}

export function createCustomerPersonas(options: CustomerPersonasOptions): CustomerPersonas {
  const { client, caller, batchConcurrency: concurrency, onRead, onBatch } = options;
  const shared = { caller, concurrency, onRead, onBatch };
  let lists: Lists | undefined;

  const personas = createLoader<string, CustomerPersona | null>({
    ...shared,
    operation: 'getCustomerPersona',
    read: (id) => client.get(id, caller),
    // A single persona may be in one of the lists that the same request asks for.
    hints: () => lists,
  });

  function createLists(): Lists {
    const known = new Map<string, CustomerPersona>();
    const loader = createLoader<number, readonly CustomerPersona[]>({
      ...shared,
      operation: 'listCustomerPersonasByAgent',
      read: (agentId) => client.listByAgent(agentId, caller),
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
      lists ??= createLists();
      const list = lists.loader.load(number);
      lists.pending.add(list);
      return list;
    },
  };
}

/** The lists of a request; most requests have none. */
interface Lists {
  readonly loader: Loader<number, readonly CustomerPersona[]>;
  readonly pending: Set<Promise<unknown>>;
  /** What they have brought so far, by id. */
  readonly known: Map<string, CustomerPersona>;
}

function notUuid(): UpstreamError {
  return invalidInput('id', 'Expected a UUID such as 3c90c3cc-0d44-4b50-8888-8dd25736052a', 'uuid_parsing');
}

function notAgentId(): UpstreamError {
  return invalidInput('agentId', 'Expected the id of an agent: a whole number such as 7', 'int_parsing');
}
