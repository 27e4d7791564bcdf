import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultRule } from '../../src/sandbox/index.ts';
import { findFreePort } from '../support/ports.ts';

export interface Web {
  readonly url: string;
  /** Makes the sandbox answer otherwise. */
  addFault(rule: FaultRule): Promise<void>;
  /** Removes all faults, and waits until the gateway's circuit breakers have seen it. */
  heal(): Promise<void>;
  /** Stops it as Ctrl-C does. */
  stop(): Promise<void>;
  /** Where one of its three programs still listens. */
  listening(): Promise<string[]>;
}

/** Starts what `npm start` starts in `examples/web`, on free ports. */
export async function startWeb(): Promise<Web> {
  const [port, sandboxPort, webPort] = [await findFreePort(), await findFreePort(), await findFreePort()];
  const child = spawn('npm', ['start'], {
    cwd: 'examples/web',
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      PORT: String(port),
      SANDBOX_PORT: String(sandboxPort),
      WEB_PORT: String(webPort),
    },
    stdio: ['ignore', 'ignore', 'inherit'],
    // A process group of its own, which a signal can be sent to as a terminal does.
    detached: true,
  });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${webPort}/`;
  const gatewayUrl = `http://127.0.0.1:${port}/graphql`;
  const faultsUrl = `http://127.0.0.1:${sandboxPort}/_sandbox/faults`;

  async function isAnswered(): Promise<boolean> {
    const query =
      '{ personasByAgent(agentId: "9") { id } persona(id: "00000000-0000-4000-8000-000000000000") { id } }';
    const response = await fetch(gatewayUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    }).catch(() => undefined);
    return response?.ok === true && !('errors' in ((await response.json()) as object));
  }
  async function ready(): Promise<void> {
    const deadline = Date.now() + 50_000;
    while (!(await isAnswered()) || !(await isListening(url))) {
      if (Date.now() > deadline) throw new Error('The page, the gateway or the sandbox does not answer');
      await sleep(100);
    }
  }

  await ready();
  return {
    url,
    async addFault(rule) {
      await fetch(faultsUrl, { method: 'POST', body: JSON.stringify(rule) });
    },
    async heal() {
      await fetch(faultsUrl, { method: 'DELETE' });
      await ready();
    },
    async stop() {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGINT');
      await exited;
    },
    async listening() {
      const urls = [port, sandboxPort, webPort].map((of) => `http://127.0.0.1:${of}/`);
      const answers = await Promise.all(urls.map(isListening));
      return urls.filter((_of, index) => answers[index]);
    },
  };
}

function isListening(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}
