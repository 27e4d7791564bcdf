import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PartialConfig } from '../config/complete.ts';
import { createSandbox, organisations } from '../sandbox/index.ts';
import type { FaultRule, Organisation, Sandbox, WirePersona } from '../sandbox/index.ts';
import { findNode } from './find-node.ts';
import type { Started } from './gateway-process.ts';

export type { PartialConfig } from '../config/complete.ts';
export type { Fault, FaultRule, Faults, ReceivedRequest, Sandbox } from '../sandbox/index.ts';

/** A persona as Bluejay sends it; what is left out is null. */
export type TestPersona = Pick<WirePersona, 'id'> & Partial<WirePersona>;

export interface TestGatewayOptions {
  /** The personas that there are. @default those of the sandbox's first organisation */
  readonly personas?: readonly TestPersona[];
  /** The agents that there are, each with the ids of its personas. @default none beside `personas` of your own */
  readonly agents?: Organisation['agents'];
  /** What goes wrong from the start; `sandbox.faults` changes it later. @default nothing */
  readonly faults?: readonly FaultRule[];
  /** `forward`: every request brings `x-api-key: sandbox-clinic-key`. @default 'service', no request does */
  readonly auth?: 'service' | 'forward';
  /** Other settings than those of development, such as `requestTimeoutMs`. @default development's, without a log */
  readonly config?: Omit<PartialConfig, 'upstream'>;
}

export interface TestGateway extends AsyncDisposable {
  /** GraphQL's address, for the client: `http://127.0.0.1:49152/graphql`. */
  readonly url: string;
  /** What the gateway reads from: its faults, and the requests that reached it. */
  readonly sandbox: Sandbox;
  /** Ends the gateway and its sandbox; leaving the scope of `await using` does the same. */
  close(): Promise<void>;
}

/**
 * Starts a gateway on a sandbox of its own, each on a free port. The gateway is a process of its own: fake timers, a
 * browser's globals and intercepted requests of the test do not reach it, and it may run on a newer Node.js.
 *
 * @throws an Error that says what is needed where no Node.js is new enough, or what is wrong with `config`
 * @example
 * await using gateway = await startTestGateway();
 * const client = new Client({ url: gateway.url, exchanges: [fetchExchange] });
 */
export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const { faults = [], auth = 'service', config = {} } = options;
  const execPath = findNode(process);
  const organisation = organisationOf(options);
  const sandbox = await createSandbox({ organisations: [organisation] });
  // The rule that was added last wins: in a list the first one does.
  for (const rule of faults.toReversed()) sandbox.faults.add(rule);
  const child = fork(fileURLToPath(programUrl), {
    execPath,
    execArgv: [],
    // Nothing of the test's environment configures the gateway. Windows needs its own for sockets.
    env: { SystemRoot: process.env['SystemRoot'] },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  async function close(): Promise<void> {
    const isRunning = child.pid !== undefined && child.exitCode === null && child.signalCode === null;
    const ended = isRunning ? once(child, 'exit') : undefined;
    if (child.connected) child.disconnect();
    await ended;
    await sandbox.close();
  }
  child.send({
    environment: 'development',
    log: { level: 'silent' },
    port: 0,
    ...config,
    upstream: {
      kind: 'bluejay',
      baseUrl: sandbox.url,
      auth: auth === 'forward' ? { mode: auth } : { mode: auth, apiKey: organisation.apiKey },
    },
  } satisfies PartialConfig);
  const started = await startOf(child);
  if ('problem' in started) {
    await close();
    throw new Error(`The gateway does not start: ${started.problem}`);
  }
  return { url: `${started.origin}/graphql`, sandbox, close, [Symbol.asyncDispose]: close };
}

/** TypeScript in the repository, JavaScript in the package. */
const programUrl = new URL(`gateway-process${extname(import.meta.url)}`, import.meta.url);

async function startOf(child: ChildProcess): Promise<Started> {
  return new Promise((resolve) => {
    child.once('message', resolve);
    child.once('error', ({ message }) => resolve({ problem: message }));
    child.once('exit', (code, signal) => resolve({ problem: `its process ended with ${signal ?? code}` }));
  });
}

function organisationOf({ personas, agents }: TestGatewayOptions): Organisation {
  const [builtIn] = organisations;
  const [example] = builtIn?.personas ?? [];
  if (builtIn === undefined || example === undefined) throw new Error('The sandbox has no personas.');
  if (personas === undefined) return { ...builtIn, agents: agents ?? builtIn.agents };
  const empty = Object.fromEntries(
    Object.keys(example).map((name) => [name, null]),
  ) as unknown as WirePersona;
  return {
    ...builtIn,
    personas: personas.map((persona) => ({ ...empty, ...persona, id: persona.id.toLowerCase() })),
    agents: agents ?? [],
  };
}
