import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { bodyOf, defineEndpoint } from '../../src/datasources/upstream/endpoint.ts';
import type { ErrorDialect } from '../../src/datasources/upstream/error-dialect.ts';
import { createUpstream } from '../../src/datasources/upstream/index.ts';
import type { UpstreamEvents } from '../../src/datasources/upstream/index.ts';
import type { Decoded } from '../../src/datasources/upstream/json.ts';
import { findFreePort } from '../support/ports.ts';
import { startHttpUpstream } from '../support/upstreams.ts';

// A service that has nothing to do with Bluejay: another key header, other words for errors, and a write.

interface Order {
  readonly number: number;
  readonly title: string;
}

function decodeOrder(json: unknown): Decoded<Order | null> {
  const { number, title } = json as Partial<Order>;
  return typeof number === 'number' && typeof title === 'string'
    ? { ok: true, value: { number, title } }
    : { ok: false, reason: 'wrong_shape' };
}

const shopDialect: ErrorDialect = {
  statuses: [400],
  readRefusal({ body }, { argumentNames }) {
    const { field } = JSON.parse(body) as { field: string };
    const path = [argumentNames[field] ?? field];
    return { kind: 'invalid_input', fieldErrors: [{ path, message: 'Invalid value', type: 'invalid' }] };
  },
  readNotFound: ({ body }) => (body === '{"missing":true}' ? 'absent' : 'foreign'),
};

const getOrder = defineEndpoint({
  operation: 'getOrder',
  method: 'GET',
  path: '/shops/{shop}/orders/{order_number}',
  idempotent: true,
  argumentNames: { order_number: 'number' },
  decode: decodeOrder,
  absent: { value: null },
  cache: { encode: (order) => ({ ...order }) },
});
const createOrder = defineEndpoint({
  operation: 'createOrder',
  method: 'POST',
  path: '/shops/{shop}/orders',
  idempotent: false,
  body: bodyOf<{ readonly title: string }>(),
  decode: decodeOrder,
});

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly key: unknown;
  readonly body: string;
}

type Answer = (request: IncomingMessage, response: ServerResponse, call: number) => void;

interface ShopOptions {
  readonly events?: UpstreamEvents;
  /** Instead of a server of the test's own. */
  readonly baseUrl?: string;
  readonly auth?: 'service' | 'forward';
}

async function startShop(answer: Answer, { events = {}, baseUrl, auth = 'forward' }: ShopOptions = {}) {
  const received: Received[] = [];
  const url = await startHttpUpstream(async (request, response) => {
    const body = await text(request);
    received.push({ method: request.method, url: request.url, key: request.headers['x-shop-token'], body });
    answer(request, response, received.length);
  });
  const shop = await createUpstream({
    name: 'shop',
    baseUrl: baseUrl ?? url,
    credential: { header: 'x-shop-token', pattern: /^shop-\w+$/ },
    errorDialect: shopDialect,
    userAgent: 'test',
    limits: { timeoutMs: 1_000 },
    auth,
    cache: { ttlMs: 60_000 },
    endpoints: [getOrder, createOrder],
    events,
    random: () => 0,
  });
  onTestFinished(() => shop.close());
  return { shop, received };
}

const caller = { apiKey: 'shop-one' };
const order = { number: 7, title: 'Seven lamps' };
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

test('a read of another service has its own path, header, words for errors and cache', async () => {
  const { shop, received } = await startShop(({ url = '' }, response) => {
    if (url.endsWith('/7')) response.end(JSON.stringify(order));
    else if (url.endsWith('/8')) response.writeHead(404).end('{"missing":true}');
    else if (url.endsWith('/9')) response.writeHead(404).end('no such page');
    else response.writeHead(400).end('{"field":"order_number"}');
  });
  const read = (number: string | number) =>
    shop.calls.getOrder({ shop: 'a/../b?c', order_number: number }, caller);
  expect((await read(7)).value).toEqual(order);
  expect((await read(7)).value).toEqual(order);
  expect(received).toEqual([
    { method: 'GET', url: '/shops/a%2F..%2Fb%3Fc/orders/7', key: 'shop-one', body: '' },
  ]);
  expect((await read(8)).value).toBeNull();
  const name = { service: 'shop', operation: 'getOrder' };
  expect(await failureOf(read(9))).toMatchObject({
    failure: { kind: 'unexpected_status', reason: 'foreign_not_found' },
    upstream: { ...name, status: 404 },
  });
  expect(await failureOf(read('seven'))).toMatchObject({
    failure: { kind: 'invalid_input', fieldErrors: [{ path: ['number'] }] },
    upstream: { ...name, status: 400 },
  });
  expect(shop.credentialOf('shop-one')).toEqual(expect.any(String));
  expect(
    await failureOf(shop.calls.getOrder({ shop: 'a', order_number: 7 }, { apiKey: 'not a key' })),
  ).toMatchObject({
    failure: { kind: 'unauthenticated', reason: 'malformed_key' },
  });
});

test.each(['..', '.', ''])('a parameter that is %j never leaves its segment', async (value) => {
  const { shop, received } = await startShop((_request, response) => response.end(JSON.stringify(order)));
  expect(await failureOf(shop.calls.getOrder({ shop: value, order_number: 7 }, caller))).toMatchObject({
    failure: { kind: 'invalid_input', fieldErrors: [{ path: ['shop'], type: 'path_segment' }] },
  });
  expect(received).toEqual([]);
});

test('reads are retried, and a breaker opens for one operation alone', async () => {
  const changes: unknown[] = [];
  const { shop, received } = await startShop(
    ({ method }, response) => {
      if (method === 'POST') response.end(JSON.stringify(order));
      else response.writeHead(503).end();
    },
    { auth: 'service', events: { onBreakerStateChange: (...change) => changes.push(change) } },
  );
  await shop.calls.createOrder({ shop: 'a', body: { title: 'One' } }, caller);
  await failureOf(shop.calls.getOrder({ shop: 'a', order_number: 1 }, caller));
  expect(received).toHaveLength(4);
  for (
    let number = 2;
    shop.load().operations['getOrder']?.breaker === 'closed' && number < 100;
    number += 1
  ) {
    await failureOf(shop.calls.getOrder({ shop: 'a', order_number: number }, caller));
  }
  expect(changes).toEqual([['open', 'getOrder', 'shop']]);
  expect((await shop.calls.createOrder({ shop: 'a', body: { title: 'Two' } }, caller)).value).toEqual(order);
  expect(shop.load().operations['createOrder']).toMatchObject({ breaker: 'closed' });
});

test.each<[string, Answer]>([
  ['a 503', (_request, response) => response.writeHead(503).end()],
  ['a reset', (request) => request.socket.resetAndDestroy()],
  ['a timeout', () => {}],
  ['a 429', (_request, response) => response.writeHead(429, { 'retry-after': '0' }).end()],
])('a write is sent once, whatever becomes of it: %s', async (_what, answer) => {
  const { shop, received } = await startShop(answer);
  const write = shop.calls.createOrder({ shop: 'a', body: { title: 'Lamp' } }, caller);
  expect(await failureOf(write)).toMatchObject({ upstream: { service: 'shop', operation: 'createOrder' } });
  expect(received).toEqual([
    { method: 'POST', url: '/shops/a/orders', key: 'shop-one', body: '{"title":"Lamp"}' },
  ]);
});

test('a write that certainly did not go out is tried again', async () => {
  const port = await findFreePort();
  let retries = 0;
  const { shop } = await startShop(() => {}, {
    baseUrl: `http://127.0.0.1:${port}`,
    events: { onRetry: () => void (retries += 1) },
  });
  const write = shop.calls.createOrder({ shop: 'a', body: { title: 'Lamp' } }, caller);
  expect(await failureOf(write)).toMatchObject({
    failure: { kind: 'unavailable', reason: 'ECONNREFUSED', isUnsent: true },
  });
  expect(retries).toBe(2);
});

test('equal writes at the same time are two, and equal reads are one', async () => {
  const { shop, received } = await startShop((_request, response) => {
    setImmediate(() => response.end(JSON.stringify(order)));
  });
  const write = () => shop.calls.createOrder({ shop: 'a', body: { title: 'Lamp' } }, caller);
  const read = () => shop.calls.getOrder({ shop: 'a', order_number: 7 }, caller);
  await Promise.all([write(), write(), read(), read()]);
  expect(received.filter(({ method }) => method === 'POST')).toHaveLength(2);
  expect(received).toHaveLength(3);
});
