// Measures whether one tenant's slow reads delay another tenant. `npm run bench:fair-share` prints the latency of
// tenant B's reads alone, and while tenant A has 1,000 slow reads in flight.
import { createBluejay } from '../src/datasources/bluejay/index.ts';
import { createSandbox, organisations } from '../src/sandbox/index.ts';

const [tenantA, tenantB] = organisations;
const personaId = tenantB?.personas[0]?.id ?? '';
const sandbox = await createSandbox();
const bluejay = await createBluejay({
  baseUrl: sandbox.url,
  userAgent: 'bench',
  timeoutMs: 60_000,
  auth: 'forward',
});

/** Latencies of 2,000 reads of tenant B, one after the other, in milliseconds. */
async function measure(): Promise<{ p50: number; p99: number }> {
  const durations: number[] = [];
  for (let read = 0; read < 2_000; read += 1) {
    const startedAt = performance.now();
    await bluejay.customerPersonas.get(personaId, { apiKey: tenantB?.apiKey });
    durations.push(performance.now() - startedAt);
  }
  durations.sort((a, b) => a - b);
  return { p50: durations[1_000] ?? 0, p99: durations[1_980] ?? 0 };
}

await measure();
const alone = await measure();

const leaving = new AbortController();
const refused: unknown[] = [];
for (let read = 0; read < 1_000; read += 1) {
  const id = `00000000-0000-4000-8000-${String(read).padStart(12, '0')}`;
  sandbox.faults.add({ personaId: id, fault: { kind: 'hang' } });
  bluejay.customerPersonas
    .get(id, { apiKey: tenantA?.apiKey, signal: leaving.signal })
    .catch((error: unknown) => refused.push(error));
}
await new Promise((resolve) => {
  setTimeout(resolve, 500);
});
const overloaded = refused.length;
const beside = await measure();
leaving.abort();

const line = ({ p50, p99 }: typeof alone) => `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
process.stdout.write(
  `tenant B alone: ${line(alone)}; beside 1,000 slow reads of tenant A (${overloaded} of them OVERLOADED): ` +
    `${line(beside)}; p99 × ${(beside.p99 / alone.p99).toFixed(2)} (Node.js ${process.version})\n`,
);
await bluejay.close();
await sandbox.close();
