import { text } from 'node:stream/consumers';
import type { ExecutionResult } from 'graphql';
import { expect, test } from 'vitest';
import { bodyOf, declareReads, defineEndpoint, defineService, parseConfig } from '../src/index.ts';
import type { Builder, Decoded, ErrorDialect } from '../src/index.ts';
import { sumOf } from './support/prometheus-text.ts';
import { clinic, exampleId, startGateway } from './support/gateway.ts';
import type { TestGateway } from './support/gateway.ts';
import { startOtlpReceiver } from './support/otlp-receiver.ts';
import { startHttpUpstream } from './support/upstreams.ts';

interface Order {
  readonly number: number;
  readonly title: string;
}

const shopDialect: ErrorDialect = {
  statuses: [400],
  readRefusal: ({ body }) => {
    const { wrong } = JSON.parse(body) as { wrong: string };
    return { kind: 'invalid_input', fieldErrors: [{ path: [wrong], message: 'Is wrong', type: 'wrong' }] };
  },
  readNotFound: ({ body }) => (body === '{"missing":true}' ? 'absent' : 'foreign'),
};
const isOrder = (json: unknown): json is Order => typeof (json as Order).number === 'number';
const decodeOrder = (json: unknown): Decoded<Order | null> =>
  isOrder(json) ? { ok: true, value: json } : { ok: false, reason: 'wrong_shape' };
const read = {
  method: 'GET',
  idempotent: true,
  decode: decodeOrder,
  absent: { value: null },
  cache: { encode: (value: Order | null) => ({ ...value }) },
} as const;
const getOrder = defineEndpoint({ ...read, operation: 'getOrder', path: '/orders/{number}' });
const getLatest = defineEndpoint({ ...read, operation: 'getLatest', path: '/shops/{shop}/latest' });
const createOrder = defineEndpoint({
  operation: 'createOrder',
  method: 'POST',
  path: '/orders',
  idempotent: false,
  body: bodyOf<{ readonly title: string }>(),
  decode: decodeOrder,
});

function declareShop(baseUrl: string, title?: string) {
  const shop = defineService({
    name: 'shop',
    title,
    baseUrl,
    credential: { header: 'x-shop-token', pattern: /^[\w-]+$/ },
    errorDialect: shopDialect,
    endpoints: [getOrder, getLatest, createOrder],
    cache: { ttlMs: 60_000 },
  });
  const extendSchema = (builder: Builder) => {
    const OrderType = builder.objectRef<Order>('Order').implement({
      fields: (t) => ({ number: t.exposeInt('number'), title: t.exposeString('title') }),
    });
    const reads = declareReads({ reads: 'one' });
    builder.queryFields((t) => ({
      order: t.field({
        type: OrderType,
        extensions: reads,
        args: { number: t.arg.int({ required: true }) },
        resolve: (_root, { number }, context) => shop.for(context).getOrder({ number }),
      }),
      latestOrder: t.field({
        type: OrderType,
        extensions: reads,
        args: { shop: t.arg.string({ required: true }) },
        resolve: (_root, args, context) => shop.for(context).getLatest(args),
      }),
    }));
    builder.mutationType({
      fields: (t) => ({
        createOrder: t.field({
          type: OrderType,
          extensions: reads,
          args: { title: t.arg.string({ required: true }) },
          resolve: (_root, body, context) => shop.for(context).createOrder({ body }),
        }),
      }),
    });
  };
  return { services: [shop], extendSchema };
}

const metrics = { port: 0, host: '127.0.0.1' };

/** Asks a gateway whose schema has more than the generated types know. */
const askOf =
  (gateway: TestGateway) =>
  async (query: string): Promise<ExecutionResult> => {
    const response = await gateway.post({ query }, { 'x-api-key': clinic.apiKey });
    return (await response.json()) as ExecutionResult;
  };

/** A shop of three orders, and what it was asked. */
async function startShop() {
  const received: string[] = [];
  const failures: number[] = [];
  const url = await startHttpUpstream(async (request, response) => {
    const { method = '', url: path = '', headers } = request;
    received.push(`${method} ${path} ${String(headers['x-shop-token'])} ${await text(request)}`.trim());
    const failure = failures.shift();
    if (failure !== undefined) response.writeHead(failure).end();
    else if (path.endsWith('/0')) response.writeHead(404).end('{"missing":true}');
    else if (path.endsWith('/13')) response.writeHead(400).end('{"wrong":"number"}');
    else response.end(JSON.stringify({ number: 7, title: 'Seven lamps' }));
  });
  return { url, received, failures };
}

test('reads of a second service have its key header and words for errors, the cache and retries', async () => {
  const { url, received, failures } = await startShop();
  const gateway = await startGateway({ extension: declareShop(url), auth: { mode: 'forward' } });
  const ask = askOf(gateway);
  failures.push(503);
  expect(await ask('{ order(number: 7) { title } }')).toEqual({ data: { order: { title: 'Seven lamps' } } });
  expect(await ask('{ order(number: 7) { title } }')).toEqual({ data: { order: { title: 'Seven lamps' } } });
  expect(received).toEqual([`GET /orders/7 ${clinic.apiKey}`, `GET /orders/7 ${clinic.apiKey}`]);
  expect(await ask('{ order(number: 0) { title } }')).toEqual({ data: { order: null } });
  expect(await ask('{ order(number: 13) { title } }')).toMatchObject({
    errors: [
      { path: ['order'], extensions: { code: 'BAD_USER_INPUT', fieldErrors: [{ path: ['number'] }] } },
    ],
  });
});

test.each([
  [undefined, 'shop'],
  ['The lamp shop', 'The lamp shop'],
])('messages name a service with the title %s as %s, and extensions by its name', async (title, shown) => {
  const { url, failures } = await startShop();
  const gateway = await startGateway({ extension: declareShop(url, title) });
  for (const [status, message] of [
    [401, `${shown} does not accept the API key.`],
    [403, `The API key may not do this; ask for access in ${shown}.`],
    [418, `${shown} failed; if it goes on, report the requestId.`],
  ] as const) {
    failures.push(status);
    const { errors } = await askOf(gateway)('{ order(number: 7) { title } }');
    const upstream = { service: 'shop', operation: 'getOrder', status };
    expect(errors?.map(({ extensions, ...error }) => [error.message, extensions?.['upstream']])).toEqual([
      [message, upstream],
    ]);
  }
});

test('equal reads of a request are one, beside a persona', async () => {
  const { url, received } = await startShop();
  const gateway = await startGateway({ extension: declareShop(url) });
  const { data } = await askOf(gateway)(
    `{ one: latestOrder(shop: "a/b") { title } two: latestOrder(shop: "a/b") { number } persona(id: "${exampleId}") { id } }`,
  );
  expect(data).toMatchObject({
    one: { title: 'Seven lamps' },
    two: { number: 7 },
    persona: { id: exampleId },
  });
  expect(received).toEqual([`GET /shops/a%2Fb/latest ${clinic.apiKey}`]);
});

test('a write is sent once, however it ends and however often its text was seen', async () => {
  const { url, received, failures } = await startShop();
  const gateway = await startGateway({ extension: declareShop(url) });
  // After 50 runs a query's text would be compiled.
  for (let time = 1; time <= 53; time += 1) {
    if (time > 51) failures.push(503);
    await askOf(gateway)('mutation { createOrder(title: "Lamp") { title } }');
    expect(received).toHaveLength(time);
  }
  expect(received[0]).toBe(`POST /orders ${clinic.apiKey} {"title":"Lamp"}`);
});

test('metrics, traces and the rate limit know the second service', async () => {
  const { url } = await startShop();
  const receiver = await startOtlpReceiver();
  const parsed = parseConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint });
  const gateway = await startGateway({
    extension: declareShop(url),
    metrics,
    tracing: parsed.ok ? parsed.config.tracing : undefined,
    protection: { rateLimit: { points: 3, windowSeconds: 60 } },
  });
  const ask = askOf(gateway);
  const three =
    '{ a: order(number: 1) { title } b: order(number: 2) { title } c: order(number: 3) { title } }';
  expect((await ask(three)).errors).toBeUndefined();
  const refused = await ask('{ order(number: 4) { title } }');
  expect(refused.errors?.[0]?.extensions).toMatchObject({ code: 'RATE_LIMITED' });
  const page = await gateway.metrics();
  const shop = { service: 'shop', operation: 'getOrder' };
  expect(sumOf(page, 'upstream_attempt_duration_seconds_count', { ...shop, status: '2xx' })).toBe(3);
  expect(sumOf(page, 'loader_batch_size_sum', shop)).toBe(3);
  expect(sumOf(page, 'upstream_breaker_state', { ...shop, state: 'closed' })).toBe(1);
  expect(sumOf(page, 'upstream_calls_in_flight_max', { service: 'bluejay' })).toBe(64);
  await gateway.close();
  const attributes = receiver.spans.map((span) => span.attributes);
  expect(attributes).toContainEqual(expect.objectContaining({ 'peer.service': 'shop' }));
});
