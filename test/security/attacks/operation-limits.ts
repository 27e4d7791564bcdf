import type { Attack } from '../attack.ts';
import { breaksLimit, describe, post } from '../attack.ts';

const repeat = (count: number, write: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => write(index)).join(' ');

const id = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const persona = { __typename: 'CustomerPersona', id };

/** A list that is short the first time, so that the document is known when the long one comes. */
function longListAfterShortOne(
  name: string,
  limit: string,
  query: string,
  item: unknown,
  count: number,
): Attack {
  return {
    name,
    expected: `QUERY_TOO_COMPLEX (${limit}) the second time`,
    async attempt(target) {
      const first = await post(target, { query, variables: { list: [item] } });
      const reads = target.upstreamReads();
      const second = await post(target, {
        query,
        variables: { list: Array.from({ length: count }, () => item) },
      });
      return {
        held:
          first.errors.length === 0 &&
          second.code === 'QUERY_TOO_COMPLEX' &&
          second.limit === limit &&
          target.upstreamReads() === reads,
        seen: describe(second),
      };
    },
  };
}

/** Documents that cost more than they look. */
export const operationLimits: readonly Attack[] = [
  breaksLimit('1,001 tokens', 'tokens', `{ ${'__typename '.repeat(999)} }`),
  breaksLimit('a hundred thousand tokens', 'tokens', `{ ${'a '.repeat(100_000)} }`),
  breaksLimit('300,000 comments', 'tokens', `${'#\n'.repeat(300_000)}{ __typename }`),
  breaksLimit(
    'a block string of 600 kB',
    'tokens',
    `{ persona(id: """${'\n x'.repeat(200_000)}""") { id } }`,
  ),
  breaksLimit('fields nested 3,000 deep', 'tokens', '{a'.repeat(3_000) + '}'.repeat(3_000)),
  breaksLimit('5,000 opening brackets', 'tokens', `{ personas(ids: ${'['.repeat(5_000)}) { id } }`),
  breaksLimit('fields nested 300 deep', 'depth', `${'{a'.repeat(300)}${'}'.repeat(300)}`),
  breaksLimit(
    'lists nested 300 deep',
    'depth',
    `{ personas(ids: ${'['.repeat(300)}${']'.repeat(300)}) { id } }`,
  ),
  breaksLimit(
    'depth that is hidden in fragments',
    'depth',
    `{ __schema { types { ...F0 } } } ${repeat(30, (index) => `fragment F${index} on __Type { ofType { ...F${index + 1} } }`)} fragment F30 on __Type { name }`,
  ),
  breaksLimit('an alias of 16,000 characters', 'aliases', `{ ${'a'.repeat(16_000)}: __typename }`),
  breaksLimit('101 aliases', 'aliases', `{ ${repeat(101, (index) => `a${index}: __typename`)} }`),
  breaksLimit(
    '101 aliases of __typename in a fragment',
    'aliases',
    `{ ...F } fragment F on Query { ${repeat(101, (index) => `a${index}: __typename`)} }`,
  ),
  breaksLimit(
    'aliases of a fragment that is spread ten times',
    'aliases',
    `{ ${repeat(10, (index) => `a${index}: __schema { ...F }`)} } fragment F on __Schema { ${repeat(10, (index) => `a${index}: __typename`)} }`,
  ),
  breaksLimit('500 duplicates of a field', 'duplicates', `{ ${'__typename '.repeat(500)} }`),
  breaksLimit(
    'duplicates in 20 fragments',
    'duplicates',
    `{ ${repeat(20, (index) => `...F${index}`)} } ${repeat(20, (index) => `fragment F${index} on Query { ${'__typename '.repeat(10)} }`)}`,
  ),
  breaksLimit(
    'ten directives at one place',
    'directives',
    '{ __typename @aa @aa @aa @aa @aa @aa @aa @aa @aa @aa }',
  ),
  breaksLimit(
    'a directive on each of 60 fields',
    'directives',
    `{ ${repeat(60, () => '__typename @skip(if: false)')} }`,
  ),
  breaksLimit(
    'a fragment within itself',
    'fragments',
    '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }',
  ),
  breaksLimit(
    'fragments that double with each of 60 levels',
    'fragments',
    `{ ...F0 } ${repeat(60, (index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`)} fragment F60 on Query { __typename }`,
  ),
  breaksLimit(
    '101 fragments that are not used',
    'fragments',
    `{ __typename } ${repeat(101, (index) => `fragment F${index} on Query { a }`)}`,
  ),
  breaksLimit(
    'fields that fragments multiply',
    'fields',
    `{ ${repeat(20, (index) => `a${index}: __schema { ...F }`)} } fragment F on __Schema { types { ${repeat(30, (index) => `x${index}`)} } }`,
  ),
  longListAfterShortOne(
    '1,001 representations after one',
    'representations',
    'query ($list: [_Any!]!) { _entities(representations: $list) { __typename } }',
    persona,
    1_001,
  ),
  longListAfterShortOne(
    '1,001 representations under two aliases',
    'representations',
    'query ($list: [_Any!]!) { a: _entities(representations: $list) { __typename } b: _entities(representations: $list) { __typename } }',
    persona,
    501,
  ),
  longListAfterShortOne(
    '101 ids after one',
    'ids',
    'query ($list: [UUID!]!) { personas(ids: $list) { id } }',
    id,
    101,
  ),
  longListAfterShortOne(
    '1,100 ids under eleven aliases',
    'ids',
    `query ($list: [UUID!]!) { ${repeat(11, (index) => `a${index}: personas(ids: $list) { id }`)} }`,
    id,
    100,
  ),
  {
    name: 'a text of 500 kB, 40,000 times in one answer',
    expected: '400 QUERY_TOO_COMPLEX (responseSize)',
    async attempt(target) {
      const body = JSON.stringify({ id, description: 'x'.repeat(500_000) });
      target.sandbox.faults.add({ fault: { kind: 'answer', status: 200, body } });
      const fields = repeat(40, (index) => `a${index}: description`);
      const answer = await post(target, {
        query: `query ($list: [_Any!]!) { _entities(representations: $list) { ... on CustomerPersona { ${fields} } } }`,
        variables: { list: Array.from({ length: 1_000 }, () => persona) },
      });
      target.sandbox.faults.clear();
      return { held: answer.status === 400 && answer.limit === 'responseSize', seen: describe(answer) };
    },
  },
  {
    name: 'a text of 50 kB that JSON writes with six times as many bytes',
    expected: '400 QUERY_TOO_COMPLEX (responseSize)',
    settings: { MAX_RESPONSE_BYTES: '100000' },
    async attempt(target) {
      const body = JSON.stringify({ id, description: '\u0001'.repeat(50_000) });
      target.sandbox.faults.add({ fault: { kind: 'answer', status: 200, body } });
      const answer = await post(target, { query: `{ persona(id: "${id}") { description } }` });
      target.sandbox.faults.clear();
      return { held: answer.status === 400 && answer.limit === 'responseSize', seen: describe(answer) };
    },
  },
  {
    name: 'variables nested 300,000 deep',
    expected: '400 BAD_USER_INPUT or BAD_REQUEST',
    async attempt(target) {
      const nested = '['.repeat(300_000) + ']'.repeat(300_000);
      const query = 'query ($ids: [UUID!]!) { personas(ids: $ids) { id } }';
      const answer = await post(target, `{"query":${JSON.stringify(query)},"variables":{"ids":${nested}}}`);
      return {
        held: answer.status === 400 && answer.code?.startsWith('BAD_') === true,
        seen: describe(answer),
      };
    },
  },
];
