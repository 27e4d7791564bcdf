import { EnvelopArmor } from '@escape.tech/graphql-armor';
import { useHive } from '@graphql-hive/yoga';
import { useErrorHandler, useExtendContext, useLogger } from 'graphql-yoga';
import { expect, test } from 'vitest';
import { createGateway } from '../src/index.ts';
import type { GraphQLPlugin } from '../src/index.ts';
import { clinic, exampleId, someIds, startGateway, unknownId } from './support/gateway.ts';
import type { TestGatewayOptions } from './support/gateway.ts';

const query = `{ persona(id: "${exampleId}") { name } }`;
const answer = { data: { persona: { name: clinic.personas[0]?.name } } };
/** More than an operation is interpreted before it is compiled. */
const many = 60;

async function start(plugins: readonly GraphQLPlugin[], options: TestGatewayOptions = {}) {
  const gateway = await startGateway({ ...options, plugins });
  return {
    ...gateway,
    ask: async (text: string): Promise<unknown> => (await gateway.post({ query: text })).json(),
  };
}

test('every hook runs for every request in Yoga’s order, known documents included', async () => {
  const calls: string[] = [];
  const call = (name: string) => void calls.push(name);
  const { ask } = await start([
    {
      onParse: () => (call('parse'), () => call('parsed')),
      onValidate: () => (call('validate'), () => call('validated')),
      onContextBuilding: () => (call('context'), () => call('context built')),
      onExecute: () => (call('execute'), { onExecuteDone: () => call('executed') }),
    },
  ]);
  for (let time = 1; time <= many; time += 1) {
    expect(await ask(query)).toEqual(answer);
    expect(calls.splice(0)).toEqual([
      'parse',
      'parsed',
      'validate',
      'validated',
      'context',
      'context built',
      'execute',
      'executed',
    ]);
  }
});

test('Envelop’s logger and error handler see what is executed and what fails', async () => {
  const events: string[] = [];
  const errors: string[] = [];
  const { ask, sandbox } = await start([
    useLogger({ logFn: (name: string) => void events.push(name) }),
    useErrorHandler(({ errors: all }) => void errors.push(...all.map(({ message }) => message))),
    useExtendContext(() => ({ team: 'blue' })),
  ]);
  await ask(query);
  expect(events).toEqual(['execute-start', 'execute-end']);
  sandbox.faults.add({ personaId: unknownId, fault: { kind: 'answer', status: 500 } });
  expect(await ask(`{ persona(id: "${unknownId}") { name } }`)).toMatchObject({
    errors: [{ path: ['persona'], extensions: { code: 'UPSTREAM_ERROR' } }],
  });
  expect(errors).toHaveLength(1);
});

test('GraphQL Armor’s limits hold beside those of the gateway', async () => {
  const { plugins } = new EnvelopArmor({ maxAliases: { n: 1 }, maxDepth: { n: 3 } }).protect();
  const { ask } = await start(plugins);
  for (let time = 1; time <= many; time += 1) expect(await ask(query)).toEqual(answer);
  const aliases = `{ a: persona(id: "${exampleId}") { id } b: persona(id: "${exampleId}") { id } }`;
  expect(await ask(aliases)).toMatchObject({
    errors: [{ message: expect.stringContaining('Aliases limit') }],
  });
  expect(await ask('{ nothing }')).toMatchObject({
    errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
  });
});

test('limits, the rate limit and the log of operations hold with plugins, too', async () => {
  const { ask, post, logs } = await start([{}], {
    limits: { aliases: 1 },
    protection: { rateLimit: { points: 5, windowSeconds: 60 } },
  });
  expect(await ask('{ a: __typename b: __typename }')).toMatchObject({
    errors: [{ extensions: { code: 'QUERY_TOO_COMPLEX' } }],
  });
  const ids = someIds(10);
  await post({ query: 'query Ten($ids: [UUID!]!) { personas(ids: $ids) { id } }', variables: { ids } });
  await expect.poll(() => logs.map(({ operationName }) => operationName)).toContain('Ten');
  expect(await ask(query)).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] });
});

test.each<[string, GraphQLPlugin, string]>([
  ['with a hook of HTTP', { onRequest: () => {} }, 'onRequest'],
  ['that brings one with such hooks', useHive({ enabled: true, token: 'a', usage: true }), 'onParams'],
])('a plugin %s is refused at the start, with the reason', async (_which, plugin, hook) => {
  await expect(createGateway({}, { plugins: [plugin] })).rejects.toThrow(
    new RegExp(`^plugins: .*${hook}.* cannot be called, because the gateway handles HTTP itself\\.`),
  );
});
