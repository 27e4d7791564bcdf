// The scenarios: requests and their expected answers.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { expectedPersona, refusedPrefix } from './personas.ts';

export interface Scenario {
  readonly name: string;
  /** How many requests are in flight at a time. */
  readonly connections: number;
  /** Whether the gateway runs with its cache in memory. */
  readonly isCached?: boolean;
  /** The most CPU that the gateway may use for a request, as a multiple of the floor's. */
  readonly goal?: number;
  /** The ids of the next request. */
  readonly nextIds: () => readonly string[];
  readonly body: (ids: readonly string[]) => string;
  /** @throws for any other answer than the right one */
  readonly check: (answer: GraphQLAnswer, ids: readonly string[]) => void;
}

interface GraphQLAnswer {
  readonly data?: { readonly persona?: unknown } | null;
  readonly errors?: readonly { readonly path?: unknown; readonly extensions?: { readonly code?: unknown } }[];
}

const fields = 'id createdAt name description goal orgId';
const personaQuery = `query Persona($id: UUID!) { persona(id: $id) { ${fields} } }`;
const personasQuery = `query Personas($ids: [UUID!]!) { personas(ids: $ids) { ${fields} } }`;
const entitiesQuery = `query Entities($representations: [_Any!]!) { _entities(representations: $representations) { ... on CustomerPersona { ${fields} } } }`;

const personaBody = ([id]: readonly string[]) =>
  JSON.stringify({ query: personaQuery, variables: { id }, operationName: 'Persona' });

const checkPersona = (answer: GraphQLAnswer, [id = '']: readonly string[]) =>
  assert.deepEqual(answer, { data: { persona: expectedPersona(id) } });

/** One request in which each id is read. The more ids, the fewer requests at a time: the gateway's queue is bounded. */
export function personasScenario(count: number): Scenario {
  return {
    name: `${count} ids by personas`,
    connections: Math.min(64, Math.ceil(640 / count)),
    nextIds: () => Array.from({ length: count }, () => randomUUID()),
    body: (ids) => JSON.stringify({ query: personasQuery, variables: { ids }, operationName: 'Personas' }),
    check: (answer, ids) => assert.deepEqual(answer, { data: { personas: ids.map(expectedPersona) } }),
  };
}

export const uniqueIds: Scenario = {
  name: 'unique ids',
  connections: 64,
  goal: 1.3,
  nextIds: () => [randomUUID()],
  body: personaBody,
  check: checkPersona,
};

/** Each request is another document, which no cache knows. */
export const distinctDocuments: Scenario = {
  ...uniqueIds,
  name: 'distinct documents',
  body: ([id = '']) => {
    // The unique id is in the operation's name, so the document is unique too.
    const query = personaQuery.replace('Persona', `Persona_${id.replaceAll('-', '')}`);
    return JSON.stringify({ query, variables: { id } });
  },
};

const hotId = randomUUID();

export const scenarios: readonly Scenario[] = [
  uniqueIds,
  {
    name: 'a hot id from the cache',
    connections: 64,
    isCached: true,
    goal: 0.8,
    nextIds: () => [hotId],
    body: personaBody,
    check: checkPersona,
  },
  {
    name: '100 entities',
    connections: 8,
    goal: 1.25,
    nextIds: () => Array.from({ length: 100 }, () => randomUUID()),
    body: (ids) => {
      const representations = ids.map((id) => ({ __typename: 'CustomerPersona', id }));
      return JSON.stringify({
        query: entitiesQuery,
        variables: { representations },
        operationName: 'Entities',
      });
    },
    check: (answer, ids) => assert.deepEqual(answer, { data: { _entities: ids.map(expectedPersona) } }),
  },
  personasScenario(10),
  {
    name: 'upstream 422s',
    connections: 64,
    nextIds: () => [refusedPrefix + randomUUID().slice(refusedPrefix.length)],
    body: personaBody,
    check({ data, errors = [] }) {
      assert.deepEqual(data, { persona: null });
      assert.deepEqual(
        errors.map(({ path, extensions }) => ({ path, code: extensions?.code })),
        [{ path: ['persona'], code: 'BAD_USER_INPUT' }],
      );
    },
  },
  {
    name: 'validation errors',
    connections: 64,
    nextIds: () => [],
    body: () => JSON.stringify({ query: '{ persona(id: "") { shoeSize } }' }),
    check({ data, errors = [] }) {
      assert.equal(data ?? null, null);
      assert.notEqual(errors.length, 0);
    },
  },
];
