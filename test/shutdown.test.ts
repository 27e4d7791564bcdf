import { once } from 'node:events';
import { Agent, get as httpGet } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { personaQuery } from '../examples/frontend/operations.ts';
import { parseConfig } from '../src/config/index.ts';
import { createGateway } from '../src/gateway.ts';
import { clinic, exampleId, startGateway } from './support/gateway.ts';
import { startHeldBluejay } from './support/held-bluejay.ts';
import { startHttpUpstream } from './support/upstreams.ts';

/** The Connection header, the status and the body. */
async function get(url: string, agent?: Agent): Promise<[string | undefined, number | undefined, string]> {
  const request = httpGet(url, { ...(agent && { agent }) });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return [response.headers.connection, response.statusCode, await text(response)];
}

const isRefused = (url: string) =>
  get(`${url}/health/live`).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ECONNREFUSED',
  );

test('a request in flight is finished, and new connections are refused', async () => {
  const bluejay = await startHeldBluejay();
  bluejay.hold('GET');
  const gateway = await startGateway({ baseUrl: bluejay.url });
  const answer = gateway.post({ query: `{ persona(id: "${exampleId}") { id } }` });
  await expect.poll(() => bluejay.calls).toEqual(['GET']);
  const closed = gateway.close();
  await expect.poll(() => isRefused(gateway.url)).toBe(true);
  bluejay.release();
  const response = await answer;
  // Also an answer that was under way when the gateway began to stop closes its connection.
  expect(response.headers.get('connection')).toBe('close');
  expect(await response.json()).toMatchObject({ data: { persona: { id: exampleId } } });
  await Promise.all([closed, gateway.close()]);
});

test('during the drain delay it is not ready, serves new connections, and closes each after its answer', async () => {
  const gateway = await startGateway({ drainDelayMs: 2_500 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  expect(await get(`${gateway.url}/health/ready`, agent)).toEqual(['keep-alive', 200, '{"status":"ready"}']);
  const closed = gateway.close();
  const paths = ['/health/ready', '/health/live', '/nowhere', '/graphql'];
  const answers = await Promise.all(paths.map(async (path) => get(gateway.url + path)));
  expect(answers.map(([, status]) => status)).toEqual([503, 200, 404, 400]);
  expect(answers.map(([connection]) => connection)).toEqual(['close', 'close', 'close', 'close']);
  // Says nothing of the reason.
  expect(answers[0]?.[2]).toBe('{"status":"not ready"}');
  // The connection from before was kept open for the request that may have been on its way.
  expect(await get(`${gateway.url}/health/live`, agent)).toEqual(['close', 200, '{"status":"live"}']);
  await closed;
  expect(await isRefused(gateway.url)).toBe(true);
});

test('a request that has arrived unread when the gateway stops listening is answered', async () => {
  const gateway = await startGateway();
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  const request = 'GET /health/live HTTP/1.1\r\nhost: gateway\r\n\r\n';
  socket.write(request);
  await once(socket, 'data');
  // Written at once, and read by the gateway when this turn of the event loop is over.
  socket.write(request);
  const closed = gateway.close();
  expect(await text(socket)).toContain('{"status":"live"}');
  await closed;
});

test('while the gateway drains, an open connection sees ready 503 and is closed', async () => {
  const gateway = await startGateway();
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  // Half a request keeps the connection open through the start of the drain.
  socket.write('GET /health/ready HTTP/1.1\r\n');
  await gateway.post({ query: '{ __typename }' });
  const closed = gateway.close();
  socket.write('host: gateway\r\n\r\n');
  const answer = await text(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 503 /);
  expect(answer.toLowerCase()).toContain('connection: close');
  expect(answer).toContain('{"status":"not ready"}');
  await closed;
});

test('what does not finish within the grace is cut off', async () => {
  const gateway = await startGateway({ timeoutMs: 60_000, requestTimeoutMs: 60_000 });
  gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
  const answer = gateway.query(personaQuery, { id: exampleId });
  const cut = answer.catch((error: unknown) => error);
  await expect.poll(() => gateway.sandbox.requests.length).toBe(1);
  await gateway.close(20);
  expect(await cut).toMatchObject({ message: 'fetch failed' });
  expect(await gateway.sandbox.connections()).toBe(0);
});

test('behind a server of one’s own, close waits for what is in flight too', async () => {
  const bluejay = await startHeldBluejay();
  bluejay.hold('GET');
  const parsed = parseConfig({
    BLUEJAY_BASE_URL: bluejay.url,
    BLUEJAY_API_KEY: clinic.apiKey,
    LOG_LEVEL: 'silent',
  });
  if (!parsed.ok) throw new Error(parsed.problems.join());
  const gateway = await createGateway(parsed.config);
  const url = await startHttpUpstream(gateway.listener);
  const answer = fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `{ persona(id: "${exampleId}") { id } }` }),
  });
  await expect.poll(() => bluejay.calls).toEqual(['GET']);
  let isClosed = false;
  const closed = gateway.close().then(() => (isClosed = true));
  await setImmediate();
  expect(isClosed).toBe(false);
  bluejay.release();
  await closed;
  expect(await (await answer).json()).toEqual({ data: { persona: { id: exampleId } } });
});
