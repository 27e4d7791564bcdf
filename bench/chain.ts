// Measures what the resilience chain costs: this process's CPU per upstream read, with the chain and without it.
// `npm run bench:chain` prints the medians of paired rounds. The upstream is a separate process.
import { LightCancellation } from '../src/shared/cancellation.ts';
import type { Cancellation } from '../src/shared/cancellation.ts';
import { createBluejay } from '../src/datasources/bluejay/index.ts';
import { getCustomerPersona } from '../src/datasources/bluejay/customer-persona.ts';
import type { TransportResponse } from '../src/datasources/upstream/transport/messages.ts';
import { createTransport } from '../src/datasources/upstream/transport/transport.ts';
import { promiseOf } from '../src/shared/continuation.ts';
import { createPrograms } from './programs.ts';
import { median } from './statistics.ts';
import { startUpstream } from './upstream.ts';

const rounds = 31;
const reads = 5_000;
const concurrency = 48;
const apiKey = 'sandbox-clinic-key';

const upstream = await startUpstream(createPrograms({ pin: false }));
const baseUrl = upstream.url;

const transport = createTransport({
  baseUrl,
  userAgent: 'bench',
  credentialHeader: 'x-api-key',
  timeoutMs: 3_000,
});
const bluejay = await createBluejay({ baseUrl, userAgent: 'bench' });
const name = { service: 'bluejay', operation: 'getCustomerPersona' };
const maxResponseBytes = 1_048_576;

let next = 0;
const nextId = () => `00000000-0000-4000-8000-${String((next += 1)).padStart(12, '0')}`;

async function bare(id: string, signal: Cancellation): Promise<unknown> {
  const path = `/v1/customer-persona/${id}`;
  const request = { name, method: 'GET', path, apiKey, signal, maxResponseBytes } as const;
  const response = await promiseOf<TransportResponse>((continuation) =>
    transport.send(request, continuation),
  );
  return getCustomerPersona.decode(JSON.parse(response.body), { persona_id: id });
}

const chained = (id: string, signal: Cancellation): Promise<unknown> =>
  bluejay.customerPersonas.get(id, { apiKey, signal, deadlineAtMs: performance.now() + 10_000 });

/** CPU microseconds of this process per read. */
async function measure(read: (id: string, signal: Cancellation) => Promise<unknown>): Promise<number> {
  let left = reads;
  const before = process.cpuUsage();
  const work = async () => {
    while (left > 0) {
      left -= 1;
      // The gateway creates one signal for each request, too.
      await read(nextId(), new LightCancellation());
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / reads;
}

await measure(bare);
await measure(chained);
const pairs: { off: number; on: number }[] = [];
for (let round = 0; round < rounds; round += 1) {
  const [off, on] = round % 2 === 0 ? [await measure(bare), await measure(chained)] : await reversed();
  pairs.push({ off, on });
}

async function reversed(): Promise<[number, number]> {
  const on = await measure(chained);
  return [await measure(bare), on];
}

const off = median(pairs.map((pair) => pair.off));
const on = median(pairs.map((pair) => pair.on));
const cost = median(pairs.map((pair) => pair.on - pair.off));
process.stdout.write(
  `chain off ${off.toFixed(1)} µs, on ${on.toFixed(1)} µs (× ${(on / off).toFixed(2)}): ${cost.toFixed(1)} µs of CPU per upstream read ` +
    `(medians of ${rounds} pairs, ${reads} reads each, Node.js ${process.version})\n`,
);
await bluejay.close();
await transport.close();
await upstream.stop();
