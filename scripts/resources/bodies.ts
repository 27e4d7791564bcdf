// What requests hold in memory: their bodies, what those are parsed to, and what is read for them.
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, requestBytes, unusedId, unusedKey } from './client.ts';
import type { Client } from './client.ts';
import { all, judgeMemory, megabytes, memoryLimit } from './scenario.ts';
import type { Outcome, Scenario, Target } from './scenario.ts';
import { tenants } from './upstream.ts';

const mebibyte = 1_048_576;

/** A value so often that the JSON text of the list has about so many bytes. */
function listOf(value: string, bytes: number): string {
  const count = Math.floor(bytes / (value.length + 1));
  return `[${Array.from({ length: count }, () => value).join(',')}]`;
}

/** Lists in lists, as deep as there is room. */
const nestedLists = (bytes: number) => '['.repeat(bytes / 2) + ']'.repeat(bytes / 2);

const readOne = () => `{ persona(id: "${unusedId()}") { id } }`;
const large = mebibyte - 1_000;

/** Where in a request there may be what it does not need. */
const junkIn = {
  variables: (unused) => `{"query":"${readOne().replaceAll('"', '\\"')}","variables":{"unused":${unused}}}`,
  extensions: (unused) => `{"query":"${readOne().replaceAll('"', '\\"')}","extensions":{"unused":${unused}}}`,
  representations: (unused) =>
    `{"query":"query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }","variables":{"r":[{"__typename":"CustomerPersona","id":"${unusedId()}","unused":${unused}}]}}`,
} as const satisfies Record<string, (unused: string) => string>;

const objects = { form: '{"a":0}', text: listOf('{"a":0}', large) };
/** What takes the most memory for its length. */
const pairs = { form: '[{}]', text: listOf('[{}]', large) };

interface Junk {
  readonly name: string;
  readonly place: keyof typeof junkIn;
  readonly requests: number;
  /** In words. */
  readonly form: string;
  readonly text: string;
}

function junk({ name, place, requests, form, text }: Junk): Scenario {
  return {
    name,
    tried: `${requests} requests of 1 MiB, full of ${form} in ${place} that nobody asked for, Bluejay takes 2.5 s`,
    limit: memoryLimit,
    async attempt(target) {
      using client = createClient(target);
      await client.read(tenants.one, unusedId());
      const startMb = target.memory().now;
      target.upstream.delayMs = 2_500;
      await Promise.all(
        Array.from({ length: requests }, () => client.send(junkIn[place](text), { key: tenants.one })),
      );
      return judgeMemory(target, startMb);
    },
  };
}

/** @param isCompleted whether the bodies end, and their requests wait for Bluejay from then on */
function slowBodies(name: string, isCompleted: boolean): Scenario {
  return {
    name,
    tried: `64 bodies of 1 MiB arrive slowly, with an invented key, and ${isCompleted ? 'are complete in the end; Bluejay takes 5 s' : 'are never complete'}`,
    limit: `each of a tenant's 11 requests of 33 kB meanwhile is a 200, ${memoryLimit}`,
    async attempt(target) {
      using client = createClient(target);
      await client.read(tenants.two, unusedId());
      const startMb = target.memory().now;
      target.upstream.delayMs = 5_000;
      const key = unusedKey();
      const sockets = await client.open(64);
      const bodies = sockets.map(() => padded(readOne(), mebibyte));
      const slices = 10;
      const statuses: number[] = [];
      for (let slice = 0; slice < slices; slice += 1) {
        for (const [index, socket] of sockets.entries()) {
          const bytes = requestBytes(bodies[index] ?? '', [`x-api-key: ${key}`]);
          const from = Math.floor((bytes.length / slices) * slice);
          const to =
            slice === slices - 1
              ? bytes.length - Number(!isCompleted)
              : (bytes.length / slices) * (slice + 1);
          socket.write(bytes.slice(from, Math.floor(to)));
        }
        await sleep(200);
        statuses.push(await askLittle(client));
      }
      statuses.push(await askLittle(client));
      const refused = statuses.filter((status) => status !== 200);
      return all(
        { held: refused.length === 0, seen: `${refused.length} of ${statuses.length} refused` },
        judgeMemory(target, startMb),
      );
    },
  };
}

/** A request of 33 kB that reads nothing, so that it has its answer at once. */
async function askLittle(client: Client): Promise<number> {
  const { status } = await client.send(padded('{ __typename }', 33_000), { key: tenants.two });
  return status;
}

function padded(text: string, bytes: number): string {
  const around = JSON.stringify({ query: text, padding: '' });
  return JSON.stringify({ query: text, padding: 'x'.repeat(bytes - around.length) });
}

const syntaxErrors: Scenario = {
  name: 'syntax-errors',
  tried: '100 short syntax errors, each with an operationName of 1 MB that holds a €',
  limit: `${memoryLimit}, and at most 100 MB more than at the start once they are answered`,
  async attempt(target) {
    using client = createClient(target);
    await readOften(client);
    const startMb = target.memory().now;
    for (let index = 0; index < 100; index += 10) {
      await Promise.all(
        Array.from({ length: 10 }, (_, offset) =>
          client.send(
            { query: `{ a${index + offset}`, operationName: `${'x'.repeat(1_000_000)}€` },
            { key: tenants.one },
          ),
        ),
      );
    }
    return all(judgeMemory(target, startMb), await judgeRest(client, target, startMb));
  },
};

/** What is left when small requests have come, during which V8 collects sooner or later. */
async function judgeRest(client: Client, target: Target, startMb: number): Promise<Outcome> {
  const isBack = () => target.memory().now <= startMb + 100;
  for (let round = 0; round < 10 && !isBack(); round += 1) await readOften(client);
  return { held: isBack(), seen: `${megabytes(target.memory().now)} afterwards` };
}

async function readOften(client: Client): Promise<void> {
  for (let round = 0; round < 100; round += 1) {
    await Promise.all(Array.from({ length: 20 }, () => client.read(tenants.one, unusedId())));
  }
}

const stalledLists: Scenario = {
  name: 'stalled-lists',
  tried: 'a request for 30 agents, whose lists of 16 MB stall before their last byte',
  limit: memoryLimit,
  // Time for all lists to arrive, also where the audit itself has little of it.
  settings: { BLUEJAY_TIMEOUT_MS: '9000' },
  async attempt(target) {
    using client = createClient(target);
    await client.read(tenants.one, unusedId());
    const startMb = target.memory().now;
    const fields = Array.from(
      { length: 30 },
      (_, index) => `a${index}: personasByAgent(agentId: "${index + 1}") { id }`,
    );
    await client.send({ query: `{ ${fields.join(' ')} }` }, { key: tenants.one });
    return judgeMemory(target, startMb);
  },
};

export const bodies: readonly Scenario[] = [
  slowBodies('slow-bodies', true),
  slowBodies('unfinished-bodies', false),
  junk({ name: 'junk-variables-12', place: 'variables', requests: 12, ...objects }),
  junk({ name: 'junk-variables-30', place: 'variables', requests: 30, ...pairs }),
  junk({ name: 'junk-representations', place: 'representations', requests: 30, ...pairs }),
  junk({ name: 'junk-extensions', place: 'extensions', requests: 30, ...pairs }),
  junk({
    name: 'junk-nested',
    place: 'variables',
    requests: 30,
    form: 'nested lists',
    text: nestedLists(large),
  }),
  syntaxErrors,
  stalledLists,
];
