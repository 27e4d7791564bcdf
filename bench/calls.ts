// How many functions of `src` one warm request calls: for a persona that is read from the upstream, and for one in
// memory. `npm run bench:calls` prints the numbers; `-- --list` prints each function with its calls for one request.
import { Session } from 'node:inspector/promises';
import { createGateway } from '../src/gateway.ts';
import { parseConfig } from '../src/config/index.ts';
import { createPrograms } from './programs.ts';
import { startUpstream } from './upstream.ts';

const requests = 200;
const folder = new URL('../src/', import.meta.url).href;
const upstream = await startUpstream(createPrograms({ pin: false }));
const result = parseConfig({
  NODE_ENV: 'production',
  BLUEJAY_API_KEY: 'sandbox-clinic-key',
  BLUEJAY_BASE_URL: upstream.url,
  BLUEJAY_ALLOW_HTTP: 'true',
  LOG_LEVEL: 'error',
  PERSONA_CACHE_TTL_MS: '3600000',
  METRICS_PORT: '0',
  PORT: '0',
  HOST: '127.0.0.1',
});
if (!result.ok) throw new Error(result.problems.join('\n'));
const gateway = await createGateway(result.config);
const origin = await gateway.listen();

let next = 0;
const uniqueId = () => `00000000-0000-4000-8000-${String((next += 1)).padStart(12, '0')}`;
const hotId = () => '00000000-0000-4000-8000-000000000001';

async function ask(id: string): Promise<void> {
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      query: 'query ($id: UUID!) { persona(id: $id) { id } }',
      variables: { id },
    }),
  });
  const body = await response.text();
  if (!body.startsWith('{"data":{"persona":{"id"')) throw new Error(`Unexpected answer: ${body}`);
}

const session = new Session();
session.connect();
await session.post('Profiler.enable');

/** Calls for one request, by function. */
async function countCalls(nextId: () => string): Promise<Map<string, number>> {
  for (let warmUp = 0; warmUp < requests; warmUp += 1) await ask(nextId());
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  await session.post('Profiler.takePreciseCoverage');
  for (let request = 0; request < requests; request += 1) await ask(nextId());
  const { result: scripts } = await session.post('Profiler.takePreciseCoverage');
  await session.post('Profiler.stopPreciseCoverage');
  const calls = new Map<string, number>();
  for (const { url, functions } of scripts.filter((script) => script.url.startsWith(folder))) {
    for (const { functionName, ranges } of functions) {
      // V8 runs a class's fields as a function of their own; it is a part of the constructor.
      if (functionName === '<instance_members_initializer>') continue;
      const count = (ranges[0]?.count ?? 0) / requests;
      const name = `${url.slice(folder.length)} ${functionName === '' ? '(anonymous)' : functionName} @${ranges[0]?.startOffset}`;
      // What timers and connections call now and then belongs to no request.
      if (count >= 0.5) calls.set(name, count);
    }
  }
  return calls;
}

for (const [title, nextId] of [
  ['read from the upstream', uniqueId],
  ['in memory', hotId],
] as const) {
  const calls = await countCalls(nextId);
  const total = [...calls.values()].reduce((sum, count) => sum + count, 0);
  const files = new Set([...calls.keys()].map((name) => name.split(' ', 1)[0]));
  process.stdout.write(
    `A persona ${title}: ${Math.round(total)} calls of ${calls.size} functions in ${files.size} files\n`,
  );
  if (process.argv.includes('--list')) {
    for (const name of [...calls.keys()].toSorted()) {
      process.stdout.write(`  ${calls.get(name)?.toFixed(1)} ${name}\n`);
    }
  }
}

session.disconnect();
await gateway.close();
await upstream.stop();
