import type { Attack } from '../attack.ts';
import { breaksLimit, describe, isRefused, post, send } from '../attack.ts';

const postQuery = (query: string) => (target: Parameters<typeof post>[0]) => post(target, { query });

const form = { 'content-type': 'application/x-www-form-urlencoded' };

/**
 * The checks of graphql-cop, by its names.
 *
 * @see https://github.com/dolevf/graphql-cop
 */
const checks: readonly Attack[] = [
  breaksLimit(
    'Alias Overloading',
    'aliases',
    `query { ${Array.from({ length: 101 }, (_, index) => `alias${index}:__typename`).join(' ')} }`,
  ),
  isRefused('Array-based Query Batching', 400, (target) =>
    post(
      target,
      Array.from({ length: 10 }, () => ({ query: 'query { __typename }' })),
    ),
  ),
  breaksLimit('Directive Overloading', 'directives', 'query { __typename @aa@aa@aa@aa@aa@aa@aa@aa@aa@aa }'),
  breaksLimit('Field Duplication', 'duplicates', `query { ${'__typename \n'.repeat(500)} }`),
  isRefused(
    'Introspection-based Circular Query',
    400,
    postQuery(
      'query { __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } }',
    ),
    { code: 'GRAPHQL_VALIDATION_FAILED' },
  ),
  breaksLimit(
    'Circular Fragment',
    'fragments',
    'query { __schema { ...A } } fragment A on __Schema { __typename ...B } fragment B on __Schema { ...A }',
  ),
  isRefused('Field Suggestions', 400, postQuery('query { __schema { directive } person { nam } }'), {
    code: 'GRAPHQL_VALIDATION_FAILED',
  }),
  isRefused('Introspection', 400, postQuery('query { __schema { types { name fields { name } } } }'), {
    code: 'GRAPHQL_VALIDATION_FAILED',
    without: /CustomerPersona|orgId/,
  }),
  {
    name: 'GraphQL IDE',
    expected: 'no page anywhere',
    async attempt(target) {
      const headers = { accept: 'text/html,*/*;q=0.8' };
      const paths = ['/', '/graphql', '/graphiql', '/playground', '/console', '/altair', '/voyager'];
      const answers = await Promise.all(paths.map((path) => send(target, { headers }, path)));
      return {
        held: answers.every(({ status, text }) => status >= 400 && !/<html|graphiql|playground/i.test(text)),
        seen: answers.map(({ status }) => status).join(' '),
      };
    },
  },
  // Queries by GET are meant to be there: what it warns of is a page of another site that sends them.
  isRefused('GET Method Query Support', 403, (target) =>
    send(target, { headers: { 'sec-fetch-site': 'cross-site' } }, '/graphql?query={__typename}'),
  ),
  isRefused('Mutation is allowed over GET', 405, (target) =>
    send(target, {}, '/graphql?query=mutation{__typename}'),
  ),
  isRefused('POST based url-encoded query', 415, (target) =>
    send(target, { method: 'POST', headers: form, body: 'query={__typename}' }),
  ),
  isRefused('POST with the query in the URL', 415, (target) =>
    send(target, { method: 'POST' }, '/graphql?query={__typename}'),
  ),
  {
    name: 'Trace Mode',
    expected: 'no tracing, whatever the client says',
    async attempt(target) {
      const headers = { 'x-apollo-tracing': '1', 'apollo-query-plan-experimental': '1' };
      const answer = await post(target, { query: 'query { __typename }' }, headers);
      return { held: answer.text === '{"data":{"__typename":"Query"}}', seen: describe(answer) };
    },
  },
  isRefused('Unhandled Errors Detection', 400, postQuery('qwerty cop { abc }'), {
    code: 'GRAPHQL_PARSE_FAILED',
    without: /exception|stack|node_modules/i,
  }),
];

export const graphqlCop: readonly Attack[] = checks.map((check) => ({
  ...check,
  name: `graphql-cop: ${check.name}`,
}));
