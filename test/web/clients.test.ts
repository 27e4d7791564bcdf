import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { createPersonas as apollo } from '../../examples/clients/apollo.ts';
import { createPersonas as relay } from '../../examples/clients/relay.ts';
import { createPersonas as tanstackQuery } from '../../examples/clients/tanstack-query.ts';
import { createPersonas as urql } from '../../examples/clients/urql.ts';
import { clinic, startGateway } from '../support/gateway.ts';
import type { TestGateway, TestGatewayOptions } from '../support/gateway.ts';

const documents = 'examples/clients/gql/persisted-documents.json';
const recipes = { apollo, urql, relay, 'tanstack-query': tanstackQuery };
const relayDocuments = 'examples/clients/relay/persisted-documents.json';
const json = { 'content-type': 'application/json' };

test('the recipes are strict TypeScript, and what relay-compiler generates is current', () => {
  const { status, stdout } = spawnSync('node_modules/.bin/tsc', ['-p', 'examples/clients'], {
    encoding: 'utf8',
  });
  expect([status, stdout]).toEqual([0, '']);
  const relayCompiler = spawnSync('node_modules/.bin/relay-compiler', ['--validate'], {
    cwd: 'examples/clients',
    encoding: 'utf8',
  });
  expect([relayCompiler.status, relayCompiler.stderr]).toEqual([0, '']);
});

describe.each(Object.keys(recipes) as (keyof typeof recipes)[])('%s', (name) => {
  /** A gateway that executes only the recipe's own documents, for callers with a key. */
  async function start(options: TestGatewayOptions = {}) {
    const gateway = await startGateway({
      auth: { mode: 'forward' },
      writes: true,
      trustedDocuments: { path: name === 'relay' ? relayDocuments : documents, mode: 'only' },
      ...options,
    });
    const personas = recipes[name]({ url: `${gateway.url}/graphql`, apiKey: clinic.apiKey });
    return { gateway, personas };
  }

  test('writes change the lists that were read, and none is read again', async () => {
    const { gateway, personas } = await start();
    const list = async () => {
      const read = await personas.list('7');
      expect(read.errors).toEqual([]);
      return read.personas?.map(({ name: title }) => title);
    };
    const before = clinic.personas.slice(0, 3).map(({ name: title }) => title);
    expect(await list()).toEqual(before);
    expect(await list()).toEqual(before);

    const input = { agentId: '7', name: 'Early caller', description: 'Calls at six', goal: 'An appointment' };
    const created = await personas.create(input);
    expect(await list()).toEqual([...before, 'Early caller']);
    const { id = '' } = created ?? {};
    await personas.rename(id, 'Late caller');
    expect(await list()).toEqual([...before, 'Late caller']);
    await personas.remove(id);
    expect(await list()).toEqual(before);
    expect(operationsOf(gateway)).toEqual(['List', 'Create', 'Update', 'Delete']);
  });

  test('a read is sent again after retryAfterMs', async () => {
    const { gateway, personas } = await start({ requestTimeoutMs: 1_000 });
    const refusal = { kind: 'answer', status: 429, headers: { 'retry-after': '2' } } as const;
    gateway.sandbox.faults.add({ fault: refusal, times: 1 });
    const { personas: read, errors } = await personas.list('7');
    expect([read?.length, errors]).toEqual([3, []]);
    const [first, second] = requestsOf(gateway);
    expect(first).toMatchObject({ errorCodes: { RATE_LIMITED: 1 } });
    expect(timeOf(second) - timeOf(first)).toBeGreaterThan(1_500);
  });

  test('a read that the gateway refuses by HTTP is sent again, too', async () => {
    const { gateway, personas } = await start({ protection: { rateLimit: { points: 1, windowSeconds: 2 } } });
    for (const agentId of ['7', '8', '9']) {
      expect((await personas.list(agentId)).errors).toEqual([]);
    }
    expect(gateway.logs).toContainEqual(expect.objectContaining({ status: 429 }));
  });

  test('a value that failed costs that value, and its error says where', async () => {
    const { gateway, personas } = await start();
    const broken = clinic.personas
      .slice(0, 3)
      .map((persona, index) => (index === 1 ? { ...persona, goal: 5 } : persona));
    gateway.sandbox.faults.add({
      fault: { kind: 'answer', status: 200, headers: json, body: JSON.stringify(broken) },
      agentId: 7,
      times: 1,
    });
    const { personas: read, errors } = await personas.list('7');
    expect(read?.map(({ goal }) => goal)).toEqual([clinic.personas[0]?.goal, null, clinic.personas[2]?.goal]);
    expect(errors).toMatchObject([
      { path: ['personasByAgent', 1, 'goal'], extensions: { code: 'UPSTREAM_INVALID_RESPONSE' } },
    ]);
    expect(operationsOf(gateway)).toEqual(['List']);
    // No cache takes the missing value for none: it has the error, too, or the list is read again.
    const again = await personas.list('7');
    const isMissing = again.personas?.[1]?.goal === null;
    expect(again.errors).toHaveLength(isMissing ? 1 : 0);
  });

  test('a failed list is null with its error, and a failed write is thrown and sent once', async () => {
    const { gateway, personas } = await start();
    gateway.sandbox.faults.add({ fault: { kind: 'answer', status: 403 } });
    const { personas: read, errors } = await personas.list('7');
    expect([read, errors]).toMatchObject([null, [{ extensions: { code: 'FORBIDDEN', retryable: false } }]]);
    gateway.sandbox.faults.add({ fault: { kind: 'reset' }, method: 'DELETE' });
    await expect(personas.remove(clinic.personas[0]?.id ?? '')).rejects.toThrow('may have done it');
    expect(operationsOf(gateway)).toEqual(['List', 'Delete']);
  });
});

function requestsOf({ logs }: TestGateway) {
  return logs.filter(({ msg }) => msg === 'request');
}

/** Which operations were sent: Relay names them after their module and kind. */
function operationsOf(gateway: TestGateway) {
  return requestsOf(gateway).map(
    ({ operationName }) => /List|Create|Update|Delete/.exec(String(operationName))?.[0],
  );
}

/** When a request was answered, in milliseconds. */
function timeOf(request: Record<string, unknown> | undefined): number {
  return Date.parse(String(request?.['time']));
}
