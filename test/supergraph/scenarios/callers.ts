import { expect, test } from 'vitest';
import { airline, clinic, exampleId } from '../../support/gateway.ts';
import { callsWith, post, routerSecret } from '../start-supergraph.ts';
import type { Guide } from './guide.ts';
import { personasOf } from './personas-of.ts';
import type { StartWith } from './start-with.ts';

const [first] = clinic.personas;

/** Whose key reads what, and which headers reach whom. */
export function testCallers(startWith: StartWith, guide: Guide): void {
  test('each client’s API key, request id and trace reach this subgraph, and no other one sees the key', async () => {
    const supergraph = await startWith(callsWith([exampleId]), { auth: { mode: 'forward' } });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const headers = { 'x-api-key': clinic.apiKey, 'x-request-id': 'client-1', traceparent };
    expect(
      (await supergraph.query('{ calls { agent { name } persona { name } } }', {}, headers)).errors,
    ).toBeUndefined();
    expect(supergraph.gateway.sandbox.requests[0]?.headers['x-api-key']).toBe(clinic.apiKey);
    for (const [subgraph, requests] of Object.entries(supergraph.requests)) {
      const isOurs = subgraph === 'customer-personas';
      expect(requests).toHaveLength(1);
      expect(requests[0]?.headers).toMatchObject({ 'x-request-id': 'client-1', traceparent });
      expect(requests[0]?.headers['x-api-key']).toBe(isOurs ? clinic.apiKey : undefined);
      expect(requests[0]?.headers['router-authorization']).toBe(isOurs ? routerSecret : undefined);
    }
  });

  test('clients that ask the same at the same time share no answer unless they share the key', async () => {
    const supergraph = await startWith(callsWith([exampleId]), { auth: { mode: 'forward' } });
    const keys = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? clinic : airline).apiKey);
    const answers = await Promise.all(
      keys.map((key) => supergraph.query('{ calls { persona { name } } }', {}, { 'x-api-key': key })),
    );
    // A persona of another organisation is one that does not exist.
    expect(answers.map((answer) => personasOf(answer)[0]?.['name'])).toEqual(
      keys.map((key) => (key === clinic.apiKey ? first?.name : null)),
    );
    expect(answers.flatMap(({ errors = [] }) => errors)).toEqual([]);
  });

  test.each([
    ['without a key', {}],
    ['with a malformed key', { 'x-api-key': 'not a key' }],
  ])('a client %s gets every other field, and is told what to send', async (_what, headers) => {
    const supergraph = await startWith(callsWith([exampleId]), { auth: { mode: 'forward' } });
    const query = '{ calls { agent { name } persona { id name goal } } }';
    const { data, errors } = await supergraph.query(query, {}, headers);
    const persona = {
      id: exampleId,
      name: null,
      ...(guide['Its other fields'] === 'null' && { goal: null }),
    };
    expect(data).toEqual({ calls: [{ agent: { name: 'Appointments' }, persona }] });
    expect(errors?.[0]).toMatchObject({
      message: expect.stringContaining('X-API-Key') as unknown,
      extensions: { code: 'UNAUTHENTICATED', retryable: false },
    });
    // A status that failed would make the router drop what did not fail.
    expect(supergraph.requests['customer-personas'].map(({ status }) => status)).toEqual([200]);
  });

  test('only the router gets an answer', async () => {
    const supergraph = await startWith([]);
    const query = `{ persona(id: "${exampleId}") { id } }`;
    expect(await supergraph.query(query)).toEqual({ data: { persona: { id: exampleId } } });
    const direct = await post(`${supergraph.gateway.url}/graphql`, query);
    expect(direct).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  });
}
