// What one caller takes from another: places at Bluejay, places in the process, places in the cache.
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, isAnswered, unusedId, unusedKey } from './client.ts';
import type { Answer, Client } from './client.ts';
import type { Scenario, Target } from './scenario.ts';
import { tenants } from './upstream.ts';

const looks = 30;

/** Three times what Bluejay answers one caller while it takes 300 ms. */
const readsPerSecond = 300;

/** More than may be in flight at the gateway. A flood that waits for more than these would be the audit's own overload. */
const maxInFlight = 1_500;

/** Sends a request so often a second until it is stopped, and catches up where the machine was busy. */
function flood(perSecond: number, send: () => Promise<unknown>): Disposable {
  const startedAt = performance.now();
  let sent = 0;
  let inFlight = 0;
  const timer = setInterval(() => {
    const due = ((performance.now() - startedAt) / 1_000) * perSecond;
    for (; sent < due && inFlight < maxInFlight; sent += 1) {
      inFlight += 1;
      void send().then(() => (inFlight -= 1));
    }
    sent = Math.max(sent, Math.floor(due));
  }, 10);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Asks 30 times, evenly spread, whether the last answer is here or not. @returns how many were no good */
async function countRefused(everyMs: number, ask: () => Promise<Answer>): Promise<number> {
  const answers: Promise<Answer>[] = [];
  for (let look = 0; look < looks; look += 1) {
    answers.push(ask());
    await sleep(everyMs);
  }
  const answered = (await Promise.all(answers)).filter(isAnswered);
  return looks - answered.length;
}

/** @param sender reads one persona after the other that nobody has read before */
function floodOfReads(name: string, sender: string, key: () => string, delayMs: number): Scenario {
  return {
    name,
    tried: `${sender} sends ${readsPerSecond} single reads a second for 20 s, Bluejay takes ${delayMs} ms`,
    limit: `of another tenant's ${looks} cached reads 0 refused, of ${looks} others 2, ready ${looks} times`,
    settings: { PERSONA_CACHE_TTL_MS: '600000' },
    needs: 'a part',
    async attempt(target) {
      using flooding = createClient(target);
      using other = createClient(target);
      const cachedId = unusedId();
      await other.read(tenants.two, cachedId);
      await flooding.read(tenants.one, unusedId());
      target.upstream.delayMs = delayMs;
      const floodKey = key();
      using _flood = flood(readsPerSecond, () => flooding.read(floodKey, unusedId()));
      await sleep(8_000);
      const [cached, uncached, unready] = await Promise.all([
        countRefused(400, () => other.read(tenants.two, cachedId)),
        countRefused(400, () => other.read(tenants.two, unusedId())),
        countRefused(400, () => other.send(undefined, { path: '/health/ready' })),
      ]);
      return {
        held: cached === 0 && uncached <= 2 && unready === 0,
        seen: `${cached} cached and ${uncached} other reads refused, ${unready} times not ready`,
      };
    },
  };
}

/** @param isFresh whether the process does not know yet that Bluejay accepts the tenant's key */
function floodOfKeys(name: string, isFresh: boolean): Scenario {
  // As a proxy in front has them.
  const [flooder, address] = isFresh ? ['192.0.2.1', '198.51.100.1'] : [];
  return {
    name,
    tried: `800 invented keys a second from one address for 12 s, beside ${isFresh ? 'a tenant new to the process, from another address' : 'an accepted tenant'}`,
    limit: `0 of the tenant's ${looks} reads refused`,
    settings: isFresh ? { TRUSTED_PROXIES: '1' } : {},
    async attempt(target) {
      using flooding = createClient(target);
      using tenant = createClient(target);
      if (!isFresh) await tenant.read(tenants.two, unusedId());
      target.upstream.delayMs = 300;
      using _flood = flood(800, () => flooding.read(unusedKey(), unusedId(), flooder));
      await sleep(4_000);
      const refused = await countRefused(250, () => tenant.read(tenants.two, unusedId(), address));
      return { held: refused === 0, seen: `${refused} refused` };
    },
  };
}

/** @param description of every persona, which is what an entry of the cache takes room for */
function eviction(
  name: string,
  bound: string,
  settings: Record<string, string>,
  description: string,
): Scenario {
  return {
    name,
    tried: `a tenant reads 1,000 personas once, the cache has room for ${bound}`,
    limit: 'another tenant’s hot persona is answered from memory',
    settings: { PERSONA_CACHE_TTL_MS: '600000', ...settings },
    async attempt(target) {
      using client = createClient(target);
      target.upstream.description = description;
      const hotId = unusedId();
      for (let read = 0; read < 10; read += 1) await client.read(tenants.two, hotId);
      await readMany(client, target, 1_000);
      const before = callsFor(target, hotId);
      await client.read(tenants.two, hotId);
      const after = callsFor(target, hotId);
      return { held: before === 1 && after === 1, seen: `Bluejay was asked for it ${after} times` };
    },
  };
}

/** Some at a time, so that none of them is refused. */
async function readMany(client: Client, { upstream }: Target, count: number): Promise<void> {
  const before = upstream.calls.size;
  for (let start = 0; start < count; start += 20) {
    await Promise.all(Array.from({ length: 20 }, () => client.read(tenants.one, unusedId())));
  }
  const read = upstream.calls.size - before;
  if (read < count) throw new Error(`only ${read} of ${count} were read`);
}

const callsFor = ({ upstream }: Target, id: string) => upstream.calls.get(`/v1/customer-persona/${id}`) ?? 0;

const invented = () => unusedKey();
const tenant = () => tenants.one;

export const callers: readonly Scenario[] = [
  floodOfReads('flood-invented-300', 'an invented key', invented, 300),
  floodOfReads('flood-tenant-300', 'a tenant', tenant, 300),
  floodOfReads('flood-invented-1500', 'an invented key', invented, 1_500),
  floodOfReads('flood-tenant-1500', 'a tenant', tenant, 1_500),
  floodOfKeys('invented-keys', false),
  floodOfKeys('invented-keys-fresh', true),
  eviction('evict-entries', '500 entries', { PERSONA_CACHE_MAX_ENTRIES: '500' }, 'A patient.'),
  eviction('evict-bytes', '10 MB of them', { PERSONA_CACHE_MAX_BYTES: '10000000' }, 'x'.repeat(10_000)),
];
