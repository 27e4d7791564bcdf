import type { Attack } from '../attack.ts';
import { describe, isRefused, post, send } from '../attack.ts';

const id = '3c90c3cc-0d44-4b50-8888-8dd25736052a';
const query = 'query ($id: UUID!) { persona(id: $id) { id } }';
const entities = 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }';
const secret = 'the-secret-of-the-router';

/** Each of several values in the place of an id; held if none gets as far as Bluejay. */
function injections(name: string, values: readonly unknown[]): Attack {
  return {
    name,
    expected: 'BAD_USER_INPUT, and no call',
    async attempt(target) {
      const reads = target.upstreamReads();
      const codes: string[] = [];
      for (const value of values) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other shows which one got through
        const asArgument = await post(target, { query, variables: { id: value } });
        const representation = { __typename: 'CustomerPersona', id: value };
        // oxlint-disable-next-line no-await-in-loop
        const asEntity = await post(target, { query: entities, variables: { r: [representation] } });
        codes.push(asArgument.code ?? 'answered', asEntity.code ?? 'answered');
      }
      return {
        held: codes.every((code) => code === 'BAD_USER_INPUT') && target.upstreamReads() === reads,
        seen: `${[...new Set(codes)].join(', ')} × ${codes.length}, ${target.upstreamReads() - reads} calls`,
      };
    },
  };
}

/**
 * What OWASP's cheat sheet tells to look for, by its headings.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/GraphQL_Cheat_Sheet.html
 */
const items: readonly Attack[] = [
  injections('Injection: paths, SSRF, CRLF, SQL, NoSQL', [
    '../../admin',
    `${id}/../..`,
    '%2e%2e%2f',
    'http://169.254.169.254/latest/meta-data',
    '//elsewhere.example',
    `${id}\r\nX-Api-Key: other`,
    `${id}?x=1`,
    `${id}#`,
    "' OR '1'='1",
    { $ne: null },
    [id, id],
    '$(id)',
  ]),
  {
    name: 'Injection: keys of objects that JavaScript knows',
    expected: 'BAD_USER_INPUT, and nothing polluted',
    async attempt(target) {
      const body = `{"query":${JSON.stringify(entities)},"variables":{"r":[{"__typename":"__proto__","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}]}}`;
      const answer = await post(target, body);
      const after = await post(target, { query: '{ __typename }' });
      return {
        held: answer.code === 'BAD_USER_INPUT' && after.text === '{"data":{"__typename":"Query"}}',
        seen: describe(answer),
      };
    },
  },
  isRefused('Batching Attacks', 400, (target) =>
    post(target, [{ query: '{ __typename }' }, { query: '{ __typename }' }]),
  ),
  needsKey('Access Control: two keys in one header where every caller brings its own', {
    'x-api-key': 'two-keys,in-one',
  }),
  needsKey('Access Control: the house key is nobody’s fallback', {}),
  isRefused('Access Control: round the router', 401, (target) => post(target, { query, variables: { id } }), {
    code: 'UNAUTHENTICATED',
    settings: { ROUTER_SECRET: secret },
  }),
  isRefused(
    'Access Control: the SDL, round the router',
    401,
    (target) => post(target, { query: '{ _service { sdl } }' }, { 'router-authorization': `${secret}x` }),
    {
      code: 'UNAUTHENTICATED',
      settings: { ROUTER_SECRET: secret },
    },
  ),
  isRefused(
    'Secure Configurations: the SDL',
    400,
    (target) => post(target, { query: '{ _service { sdl } }' }),
    {
      code: 'GRAPHQL_VALIDATION_FAILED',
      without: /CustomerPersona/,
    },
  ),
  isRefused(
    'Secure Configurations: __type',
    400,
    (target) => post(target, { query: '{ __type(name: "CustomerPersona") { fields { name } } }' }),
    {
      code: 'GRAPHQL_VALIDATION_FAILED',
      without: /orgId/,
    },
  ),
  {
    name: 'Secure Configurations: excessive errors',
    expected: 'no value, stack, path or address in any error or in the log',
    async attempt(target) {
      const bodies = [
        '{"query":"canary',
        { query: '{ canary' },
        { query, variables: { id: 'canary' } },
        {
          query: 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }',
          variables: { r: ['canary'] },
        },
      ];
      const answers = await Promise.all(bodies.map((body) => post(target, body)));
      // A syntax error names what it found, which is the document's and nothing of ours.
      const texts = answers.filter(({ code }) => code !== 'GRAPHQL_PARSE_FAILED').map(({ text }) => text);
      const held =
        answers.every(({ status }) => status < 500) &&
        !/canary|node_modules|\bat .*\.ts|127\.0\.0\.1/.test(
          [...texts, target.output()].join('').replaceAll(/"url":"[^"]*"/g, ''),
        );
      return { held, seen: answers.map(({ code }) => code).join(', ') };
    },
  },
  {
    name: 'Secure Configurations: traces',
    expected: 'an answer without a trace',
    async attempt(target) {
      const body = { query: '{ __typename }' };
      const answer = await post(target, body, { 'apollo-federation-include-trace': 'ftv1' });
      return { held: answer.text === '{"data":{"__typename":"Query"}}', seen: describe(answer) };
    },
  },
  isRefused('Secure Configurations: other routes', 404, (target) => send(target, {}, '/metrics')),
];

/** A read that fails for want of a key where every caller brings its own. */
function needsKey(name: string, headers: Record<string, string>): Attack {
  return {
    name,
    expected: 'UNAUTHENTICATED, and no call',
    settings: { BLUEJAY_AUTH: 'forward' },
    async attempt(target) {
      const answer = await post(target, { query, variables: { id } }, headers);
      return {
        held: answer.code === 'UNAUTHENTICATED' && target.upstreamReads() === 0,
        seen: describe(answer),
      };
    },
  };
}

export const owasp: readonly Attack[] = items.map((item) => ({ ...item, name: `OWASP: ${item.name}` }));
