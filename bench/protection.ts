// Measures what the controls in front of GraphQL cost an ordinary request with the defaults: target, host, headers,
// admission. `npm run bench:protection` prints the median of paired rounds, in CPU of this process.
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { parseConfig } from '../src/config/index.ts';
import { createLogger } from '../src/observability/logger.ts';
import { createCallerAccount } from '../src/server/http/caller-account.ts';
import { openExchange, sendBody } from '../src/server/http/exchange.ts';
import { createMediaTypeNegotiator } from '../src/server/http/media-type.ts';
import { OpenExchanges } from '../src/server/http/open-exchanges.ts';
import type { Exchange, Route } from '../src/server/http/exchange.ts';
import { createProtection } from '../src/server/admission/protection.ts';
import { checkRequest, pathOf } from '../src/server/http/request-target.ts';
import { createRequestWatch } from '../src/server/http/request-watch.ts';
import { Timeouts } from '../src/shared/timeouts.ts';

const rounds = 31;
const requests = 20_000;
const body = Buffer.from('{"data":{"persona":{"id":"3c90c3cc-0d44-4b50-8888-8dd25736052a"}}}');
const contentType = 'application/json; charset=utf-8';
const logger = createLogger('silent');
const watch = createRequestWatch({ logger });

// All exchanges are open at once, which is no measure of the budget.
const result = parseConfig({
  NODE_ENV: 'production',
  MAX_QUEUE_DELAY_MS: '60000',
  MEMORY_BUDGET_BYTES: '999999999',
});
if (!result.ok) throw new Error(result.problems.join('\n'));
const open = new OpenExchanges<Exchange>();
const protection = await createProtection({
  ...result.config.protection,
  isBehindRouter: false,
  openExchanges: () => open.list(),
  cachedBytes: () => 0,
  routerSecret: { secrets: [], isExempt: () => false },
  credentialOf: () => undefined,
  sharedUrl: undefined,
  logger,
});

/** As a router sends it. */
const headers = {
  host: 'gateway.example:4000',
  'content-type': 'application/json',
  accept: 'application/graphql-response+json, application/json;q=0.9',
  'user-agent': 'router',
  'x-request-id': 'router-0123456789',
  'content-length': '120',
};

const negotiate = createMediaTypeNegotiator();
const writeTimeouts = new Timeouts(30_000);

function createExchange(): Exchange {
  const request = new IncomingMessage(new Socket());
  Object.assign(request, { method: 'POST', url: '/graphql', httpVersionMajor: 1, httpVersionMinor: 1 });
  request.rawHeaders = Object.entries(headers).flat();
  request.headers = headers;
  return openExchange(request, new ServerResponse(request), '/graphql', {
    isDraining: false,
    unassigned: createCallerAccount(''),
    ledger: protection.ledger,
    writeTimeouts,
    negotiate,
    watch,
    open,
  });
}

const answerWith: Route = (exchange) => sendBody(exchange, 200, contentType, body);
const protectedAnswer = protection.protect(answerWith);

async function controlled(exchange: Exchange): Promise<void> {
  if (pathOf(exchange.request) !== '/graphql' || checkRequest(exchange.request)) throw new Error('Refused');
  await protectedAnswer(exchange);
}

/** What was there before: the path, and the headers that no security header is among. */
async function plain({ request, response }: Exchange): Promise<void> {
  if ((request.url ?? '').split('?', 1)[0] !== '/graphql') throw new Error('Refused');
  await Promise.resolve();
  response
    .writeHead(200, {
      'content-type': contentType,
      'content-length': body.length,
      'cache-control': 'no-store',
    })
    .end(body);
}

/** CPU microseconds per request. */
async function measure(handle: (exchange: Exchange) => Promise<void>): Promise<number> {
  const exchanges = Array.from({ length: requests }, createExchange);
  const before = process.cpuUsage();
  for (const [index, exchange] of exchanges.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- without a turn of the event loop this is an overload
    if (index % 100 === 0) await setImmediate();
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await handle(exchange);
    exchange.response.emit('close');
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / requests;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

await measure(plain);
await measure(controlled);
const pairs: { off: number; on: number }[] = [];
for (let round = 0; round < rounds; round += 1) {
  // oxlint-disable no-await-in-loop -- rounds are interleaved, so that both meet the same machine
  const off = await measure(plain);
  pairs.push({ off, on: await measure(controlled) });
  // oxlint-enable no-await-in-loop
}
protection.close();
const cost = median(pairs.map(({ off, on }) => on - off));
process.stdout.write(
  `an answer without the controls ${median(pairs.map(({ off }) => off)).toFixed(1)} µs, with them ${median(pairs.map(({ on }) => on)).toFixed(1)} µs: ` +
    `${cost.toFixed(1)} µs of CPU per request (medians of ${rounds} pairs, ${requests} requests each, Node.js ${process.version})\n`,
);
