import { parseAgentId } from './agent-id.ts';
import { Loader } from './loader.ts';
import type { Hints, OnBatch, RequestReads } from './loader.ts';
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

/** Reads and writes through the client. A class, because closures would be created for each request. */
export class RequestCustomerPersonas implements CustomerPersonas {
  readonly #options: CustomerPersonasOptions;
  readonly #personas: Loader<string, CustomerPersona | null>;
  #lists: Lists | undefined;

  constructor(options: CustomerPersonasOptions) {
    const { client, reads, onBatch } = options;
    this.#options = options;
    this.#personas = new Loader({
      reads,
      operation: 'getCustomerPersona',
      read: (id) => client.get(id, reads.caller),
      onBatch,
    });
  }

  load(id: string): Promise<CustomerPersona | null> {
    const canonical = parseUuid(id);
    return canonical === undefined ? Promise.reject(notUuid()) : this.#personas.load(canonical);
  }

  async listByAgent(agentId: string | number): Promise<readonly CustomerPersona[]> {
    const number = parseAgentId(agentId);
    if (number === undefined) throw notAgentId();
    const lists = (this.#lists ??= this.#createLists());
    // A single persona may be in one of the lists that the same request reads.
    this.#personas.hints = lists;
    const list = lists.loader.load(number);
    lists.pending.add(list);
    return list;
  }

  async create(input: NewCustomerPersona): Promise<CustomerPersona | null> {
    const { client, reads } = this.#options;
    const { name, description, goal, agentId } = input;
    const agent = agentId === undefined || agentId === null ? agentId : parseAgentId(agentId);
    if (agent === undefined && agentId !== undefined) throw withOutcome(notAgentId(), 'not_applied');
    const persona = { name, description, goal, ...(agent !== undefined && { agent_id: agent }) };
    return this.#write(client.create(persona, reads.caller));
  }

  async update(id: string, changes: PersonaChanges): Promise<CustomerPersona> {
    const { client, reads } = this.#options;
    return this.#write(client.update(requireUuid(id), changes, reads.caller));
  }

  async delete(id: string): Promise<CustomerPersona> {
    const { client, reads } = this.#options;
    return this.#write(client.delete(requireUuid(id), reads.caller));
  }

  /** Waits for a write, then forgets what the request has read. */
  async #write<Value>(call: Promise<Reading<Value>>): Promise<Value> {
    try {
      return (await call).value;
    } finally {
      this.#options.reads.freshUntil = 0;
      this.#personas.clear();
      this.#lists = undefined;
    }
  }

  #createLists(): Lists {
    const { client, reads, onBatch } = this.#options;
    const known = new Map<string, CustomerPersona>();
    const loader = new Loader<number, readonly CustomerPersona[]>({
      reads,
      operation: 'listCustomerPersonasByAgent',
      read: (agentId) => client.listByAgent(agentId, reads.caller),
      onBatch,
      onValue(listed) {
        for (const persona of listed) known.set(persona.id, persona);
      },
      // One list is many personas.
      manyLoads: 0,
    });
    return { loader, pending: new Set(), known };
  }
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
