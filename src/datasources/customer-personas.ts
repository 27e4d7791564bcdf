import DataLoader from 'dataloader';
import { parseAgentId } from './agent-id.ts';
import type { Caller, Reading } from './upstream/call.ts';
import type { CustomerPersonasClient } from './bluejay/customer-personas.ts';
import type { CustomerPersona } from './bluejay/decode-customer-persona.ts';
import { invalidInput } from './upstream/errors.ts';
import type { BluejayError, Operation } from './upstream/errors.ts';
import { mapSettled } from './upstream/map-settled.ts';
import { settleWithin } from './upstream/settle-within.ts';
import { parseUuid } from './uuid.ts';

/** Customer personas; within a request the same thing is read once. */
export interface CustomerPersonas {
  /**
   * A persona that one of the request's lists has brought is not read again.
   *
   * @returns the persona, or null when Bluejay has none of that id for this caller
   * @throws {BluejayError} every kind; `invalid_input` about `id` costs no call
   */
  load(id: string): Promise<CustomerPersona | null>;
  /**
   * @param agentId a safe integer, also as a string
   * @returns the agent's personas in Bluejay's order; none of an agent that Bluejay does not have
   * @throws {BluejayError} every kind; `invalid_input` about `agentId` costs no call
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
  readonly onBatch: ((operation: Operation, size: number) => void) | undefined;
}

/**
 * How long single personas wait for the lists that the same request asks for, because they may be in
 * them. A list that takes longer holds up nobody.
 */
const listHeadStartMs = 500;

/** From here on it is not nothing what a request makes of its personas. */
const manyAsked = 50;
/** Less than a call to Bluejay takes. */
const briefMs = 1;

export function createCustomerPersonas(options: CustomerPersonasOptions): CustomerPersonas {
  const { client, caller, batchConcurrency, onRead, onBatch } = options;
  let lists: Lists | undefined;
  let asked = 0;

  // Bluejay has no bulk read: a batch is a fan-out, and each id fails on its own.
  const personas = new DataLoader<string, CustomerPersona | null>(async (ids) => {
    onBatch?.('getCustomerPersona', ids.length);
    if (lists === undefined) {
      if (asked < manyAsked) return readAll(ids);
      const startedAt = performance.now();
      const read = await readAll(ids);
      // What is cached was there at once, and its request has its turn still.
      return performance.now() - startedAt < briefMs ? read : handOver(read);
    }
    await settleWithin(lists.pending, listHeadStartMs);
    const { known } = lists;
    const unknown = ids.filter((id) => !known.has(id));
    const read = await readAll(unknown);
    const found = new Map(unknown.map((id, index) => [id, read[index]]));
    return handOver(ids.map((id) => known.get(id) ?? found.get(id) ?? null));
  });

  const readAll = (ids: readonly string[]) =>
    mapSettled(ids, batchConcurrency, (id) => client.get(id, caller), take);

  /** What is made of it takes time, and many requests may have waited for one and the same read. */
  async function handOver<Values>(values: Values): Promise<Values> {
    await caller.resume?.();
    return values;
  }

  /** What was read, noting how long it may be used. */
  function take<Value>({ value, freshUntil }: Reading<Value>): Value {
    onRead(freshUntil);
    return value;
  }

  function createLists(): Lists {
    const known = new Map<string, CustomerPersona>();
    const loader = new DataLoader<number, readonly CustomerPersona[]>((agentIds) => {
      onBatch?.('listCustomerPersonasByAgent', agentIds.length);
      const read = mapSettled(
        agentIds,
        batchConcurrency,
        (agentId) => client.listByAgent(agentId, caller),
        (reading) => {
          const listed = take(reading);
          for (const persona of listed) known.set(persona.id, persona);
          return listed;
        },
      );
      return read.then(handOver);
    });
    return { loader, pending: new Set(), known };
  }

  return {
    load(id) {
      asked += 1;
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
  readonly loader: DataLoader<number, readonly CustomerPersona[]>;
  readonly pending: Set<Promise<unknown>>;
  /** What they have brought so far, by id. */
  readonly known: Map<string, CustomerPersona>;
}

function notUuid(): BluejayError {
  return invalidInput('id', 'Expected a UUID such as 3c90c3cc-0d44-4b50-8888-8dd25736052a', 'uuid_parsing');
}

function notAgentId(): BluejayError {
  return invalidInput('agentId', 'Expected the id of an agent: a whole number such as 7', 'int_parsing');
}
