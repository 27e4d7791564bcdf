import { request as httpRequest } from 'node:http';
import { expect, test } from 'vitest';
import { personaQuery } from '../examples/frontend/operations.ts';
import { airline, clinic, exampleId, startGateway } from './support/gateway.ts';

const forward = { mode: 'forward' } as const;

test('forward: each caller sees what its own key opens', async () => {
  const gateway = await startGateway({ auth: forward });
  const ask = async (apiKey: string) =>
    gateway.query(personaQuery, { id: exampleId }, { 'x-api-key': apiKey });
  expect((await ask(clinic.apiKey)).data?.persona?.orgId).toBe(clinic.id);
  expect(await ask(airline.apiKey)).toEqual({ data: { persona: null } });
  expect(gateway.sandbox.requests.map(({ headers }) => headers['x-api-key'])).toEqual([
    clinic.apiKey,
    airline.apiKey,
  ]);
});

test('forward: a read without a key is UNAUTHENTICATED and costs no call', async () => {
  const gateway = await startGateway({ auth: forward });
  const { data, errors } = await gateway.query(personaQuery, { id: exampleId });
  expect(data).toEqual({ persona: null });
  expect(errors).toMatchObject([
    {
      message: 'Send your Bluejay API key in the X-API-Key header.',
      path: ['persona'],
      extensions: { code: 'UNAUTHENTICATED', retryable: false },
    },
  ]);
  expect(errors?.[0]?.extensions).not.toHaveProperty('upstream');
  expect(gateway.sandbox.requests).toHaveLength(0);
});

test('forward: what needs no read needs no key', async () => {
  const gateway = await startGateway({ auth: forward });
  const response = await gateway.post({ query: '{ _service { sdl } __schema { queryType { name } } }' });
  expect(await response.json()).toMatchObject({ data: { __schema: { queryType: { name: 'Query' } } } });
});

test('forward: a key that Bluejay does not know is UNAUTHENTICATED', async () => {
  const gateway = await startGateway({ auth: forward });
  const { errors } = await gateway.query(personaQuery, { id: exampleId }, { 'x-api-key': 'not-a-real-key' });
  expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED', upstream: { status: 401 } } }]);
});

test.each([
  ['too short', 'seven77'],
  ['too long', 'x'.repeat(257)],
  ['empty', ''],
  ['with a space', 'two words and more'],
  ['with a comma', 'key-one-1,key-two-2'],
  ['with a letter beyond ASCII', 'sch\u00fcssel-1'],
])('forward: a key that is %s is refused with 401 before any call', async (_name, apiKey) => {
  const gateway = await startGateway({ auth: forward });
  const response = await gateway.post({ query: '{ __typename }' }, { 'x-api-key': apiKey });
  expect(response.status).toBe(401);
  expect(response.headers.get('www-authenticate')).toBe('ApiKey header="X-API-Key"');
  const text = await response.text();
  expect(JSON.parse(text)).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  expect(text + gateway.logText()).not.toContain(apiKey || 'nothing to leak');
});

test('forward: two keys are refused with 401, whichever comes first', async () => {
  const gateway = await startGateway({ auth: forward });
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const request = httpRequest(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: [
        'host',
        'gateway',
        'content-type',
        'application/json',
        'x-api-key',
        clinic.apiKey,
        'X-API-Key',
        airline.apiKey,
      ],
    });
    request.once('error', reject).once('response', (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.end(JSON.stringify({ query: `{ persona(id: "${exampleId}") { id } }` }));
  });
  expect(status).toBe(401);
  expect(gateway.sandbox.requests).toHaveLength(0);
});

test('service: the gateway’s own key is used, whatever key a caller sends', async () => {
  const gateway = await startGateway();
  const result = await gateway.query(personaQuery, { id: exampleId }, { 'x-api-key': airline.apiKey });
  expect(result.data?.persona?.orgId).toBe(clinic.id);
  expect(gateway.sandbox.requests[0]?.headers['x-api-key']).toBe(clinic.apiKey);
});

test('no key is ever logged', async () => {
  const gateway = await startGateway({ auth: forward });
  await gateway.query(personaQuery, { id: exampleId }, { 'x-api-key': clinic.apiKey });
  await gateway.query(personaQuery, { id: exampleId }, { 'x-api-key': 'not-a-real-key' });
  expect(gateway.logs).toHaveLength(2);
  expect(gateway.logText()).not.toContain(clinic.apiKey);
  expect(gateway.logText()).not.toContain('not-a-real-key');
});
