// What five times as many requests as the gateway can answer do to it. `npm run bench:overload` prints how many
// are still answered, how long those take, what health says meanwhile, and when all is well again.
// A request asks for 100 entities, which are read from Bluejay; with `-- --cached` for 200 that the gateway has.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { requestHeaders } from './connection.ts';
import { createClients } from './overload-client.ts';
import { partial } from './overload-client.ts';
import type { Sent } from './overload-client.ts';
import { createPrograms, readCpuUsage } from './programs.ts';
import { cachedGateway, gateway, startServer } from './servers.ts';
import { startUpstream } from './upstream.ts';

const factor = 5;
const connections = 2_000;
/** Later than this an answer is of no use to anybody. */
const usefulMs = 1_000;

const programs = createPrograms({ pin: true });
const { values: flags } = parseArgs({ options: { cached: { type: 'boolean', default: false } } });
const entities = flags.cached ? 200 : 100;
const upstream = await startUpstream(programs);
const { program } = await startServer(flags.cached ? cachedGateway : gateway, programs, upstream);

const query =
  'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on CustomerPersona { id createdAt name description goal orgId } } }';
const createBody = () => {
  const representations = Array.from({ length: entities }, () => ({
    __typename: 'CustomerPersona',
    id: randomUUID(),
  }));
  return JSON.stringify({ query, variables: { representations } });
};
// Enough that no two of those in flight ask for the same.
const bodies = Array.from({ length: flags.cached ? 1 : 1_000 }, createBody);
// All whole answers are of one length; one with errors in it is another.
const whole = await fetch(`${program.url}/graphql`, {
  method: 'POST',
  headers: requestHeaders,
  body: bodies[0] ?? '',
});
const bytes = (await whole.arrayBuffer()).byteLength;
const few = await createClients(program.url, 32, { bodies, bytes });

const isGood = ({ status, tookMs }: Sent) => status === 200 && tookMs <= usefulMs;
const quantile = (values: number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;

await few.closedLoop(32, 6_000);
// With more at once it is not the same: what they all hold is work for the garbage collector.
const rates = new Map<number, number>();
// oxlint-disable-next-line no-await-in-loop -- one after the other, each with the machine to itself
for (const busy of [32, 16, 8]) rates.set(busy, await few.closedLoop(busy, 2_000));
const [best] = [...rates].reduce((most, each) => (each[1] > most[1] ? each : most));
await sleep(500);
// Anew: the highest of several is more than any of them gives again.
const cpuBefore = readCpuUsage(program).usedMicros;
const peak = await few.closedLoop(best, 5_000);
const peakCpu = (readCpuUsage(program).usedMicros - cpuBefore) / 5e6;
few.close();
// Not before: the gateway closes connections over which nothing comes.
const clients = await createClients(program.url, connections, { bodies, bytes });
await sleep(500);

/** Asks as probes do, on connections of their own. */
async function probe(path: string, durationMs: number) {
  const statuses = new Set<number>();
  let slowestMs = 0;
  for (const until = performance.now() + durationMs; performance.now() < until;) {
    const startedAt = performance.now();
    // oxlint-disable no-await-in-loop -- one after the other, as probes come
    const { status } = await fetch(program.url + path, { headers: { connection: 'close' } });
    statuses.add(status);
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    await sleep(250);
    // oxlint-enable no-await-in-loop
  }
  return { statuses: [...statuses].join(', '), slowestMs };
}

const durationMs = 10_000;
const cpuStart = readCpuUsage(program);
const [sent, live, ready] = await Promise.all([
  clients.openLoop(peak * factor, durationMs),
  probe('/health/live', durationMs),
  probe('/health/ready', durationMs),
]);
const cpuEnd = readCpuUsage(program);
const cpu = (cpuEnd.usedMicros - cpuStart.usedMicros) / 1e3 / durationMs;
const waited = (cpuEnd.waitedMicros - cpuStart.waitedMicros) / 1e3 / durationMs;
const good = sent.filter(isGood);
const goodput = (good.length / durationMs) * 1e3;
const refused = sent.filter(({ status }) => status === 503);

// At half of the capacity everything should be answered well again.
const after = await clients.openLoop(peak / 2, 6_000);
const recoveredMs = Math.max(
  0,
  ...after.filter((each) => !isGood(each) && each.dueMs < 5_900).map(({ dueMs }) => dueMs),
);
const readyAgain = await probe('/health/ready', 1);
clients.close();
await program.stop();
await upstream.stop();

const share = goodput / peak;
const answerMicros = (peakCpu / peak) * 1e6;
/** Whatever is not an answer's at its price at the peak, is a refusal's. */
const refusalMicros = ((cpu - goodput * (answerMicros / 1e6)) / (refused.length / durationMs)) * 1e3;
/** With more than this there is no time for 80 % of the peak: they would be 0.8 answers and `factor - 0.8` refusals. */
const affordableMicros = (answerMicros * 0.2) / (factor - 0.8);
process.stdout.write(
  `${[
    `peak: ${peak.toFixed(0)} requests of ${entities} ${flags.cached ? 'cached ' : ''}entities a second, ${best} at once`,
    `at ${factor} times that (${((sent.length / durationMs) * 1e3).toFixed(0)} sent a second, ${connections} connections, ${durationMs / 1e3} s): ` +
      `${goodput.toFixed(0)} a second answered within ${usefulMs / 1e3} s, ${(share * 100).toFixed(0)} % of the peak`,
    `parts missing: ${((sent.filter(({ status }) => status === partial).length / sent.length) * 100).toFixed(0)} %; whole answers: p50 ${quantile(
      good.map(({ tookMs }) => tookMs),
      0.5,
    ).toFixed(0)} ms, p99 ${quantile(
      good.map(({ tookMs }) => tookMs),
      0.99,
    ).toFixed(0)} ms; ` +
      `refusals: ${((refused.length / sent.length) * 100).toFixed(0)} %, p50 ${quantile(
        refused.map(({ tookMs }) => tookMs),
        0.5,
      ).toFixed(0)} ms, ` +
      `unanswered or unsent: ${((sent.filter(({ status }) => status === 0).length / sent.length) * 100).toFixed(0)} %`,
    `the gateway had ${(peakCpu * 100).toFixed(0)} % of its core at the peak, ${(cpu * 100).toFixed(0)} % under overload (${(waited * 100).toFixed(0)} % of the time it waited for it): ` +
      `${((share / cpu) * peakCpu * 100).toFixed(0)} % of the peak for the same CPU`,
    `an answer took ${answerMicros.toFixed(0)} µs of CPU at the peak, a refusal ${refusalMicros.toFixed(0)} µs; ` +
      `if all were sent and refused, 80 % of the peak would leave ${affordableMicros.toFixed(0)} µs for each`,
    `/health/live: ${live.statuses} within ${live.slowestMs.toFixed(0)} ms; /health/ready: ${ready.statuses}`,
    `at half of the peak afterwards: all answered well after ${(recoveredMs / 1e3).toFixed(1)} s, /health/ready ${readyAgain.statuses}`,
    `Node.js ${process.version}, ${programs.isPinned ? 'gateway and clients on a core each' : 'cores not pinned'}`,
  ].join('\n')}\n`,
);
if ((share / cpu) * peakCpu < 0.8 || recoveredMs > 5_000 || live.slowestMs > 1_000) process.exitCode = 1;
