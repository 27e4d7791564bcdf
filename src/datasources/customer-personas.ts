import { parseAgentId } from './agent-id.ts';
import { createLoader } from './loader.ts';
import type { Hints, Loader, OnBatch, RequestReads } from './loader.ts';
import type { Reading } from './upstream/call.ts';
import type { CustomerPersona } from './bluejay/customer-persona.ts';
import type { PersonaChanges } from './bluejay/customer-persona-writes.ts';
import type { CustomerPersonasClient } from './bluejay/index.ts';
import { invalidInput, withOutcome } from './upstream/errors.ts';
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
  /**
   * A write, like the two below: it is sent once, and whatever becomes of it, the request reads everything anew.
   *
   * @returns the persona as Bluejay has made it, or null when Bluejay does not say its id
   * @throws {UpstreamError} every kind, with its `outcome`; `invalid_input` about `agentId` costs no call
   */
  create(persona: NewCustomerPersona): Promise<CustomerPersona | null>;
  /**
   * @param changes what is left out stays as it is, null is null
   * @throws {UpstreamError} every kind, with its `outcome`; `not_found` where Bluejay has none of that id for this caller
   */
  update(id: string, changes: PersonaChanges): Promise<CustomerPersona>;
  /**
   * @returns the persona as it was
   * @throws {UpstreamError} as `update`
   */
  delete(id: string): Promise<CustomerPersona>;
}

/** What a persona is made from. */
export interface NewCustomerPersona {
  readonly name: string;
  readonly description: string;
  readonly goal: string;
  /** A safe integer, also as a string; without one the persona plays against no agent yet. */
  readonly agentId?: string | number | null | undefined;
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

  /** Waits for a write, then forgets what the request has read. */
  async function write<Value>(call: Promise<Reading<Value>>): Promise<Value> {
    try {
      return (await call).value;
    } finally {
      reads.freshUntil = 0;
      personas.clear();
      lists = undefined;
    }
  }

  return {
    async create({ name, description, goal, agentId }) {
      const agent = agentId === undefined || agentId === null ? agentId : parseAgentId(agentId);
      if (agent === undefined && agentId !== undefined) throw withOutcome(notAgentId(), 'not_applied');
      const persona = { name, description, goal, ...(agent !== undefined && { agent_id: agent }) };
      return write(client.create(persona, caller));
    },
    async update(id, changes) {
      return write(client.update(requireUuid(id), changes, caller));
    },
    async delete(id) {
      return write(client.delete(requireUuid(id), caller));
    },
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

/** @throws {UpstreamError} of a write that was not sent */
function requireUuid(id: string): string {
  const canonical = parseUuid(id);
  if (canonical === undefined) throw withOutcome(notUuid(), 'not_applied');
  return canonical;
}

function notUuid(): UpstreamError {
  return invalidInput('id', 'Expected a UUID such as 3c90c3cc-0d44-4b50-8888-8dd25736052a', 'uuid_parsing');
}

function notAgentId(): UpstreamError {
  return invalidInput('agentId', 'Expected the id of an agent: a whole number such as 7', 'int_parsing');
}
