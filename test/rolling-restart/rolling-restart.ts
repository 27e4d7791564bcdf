import { once } from 'node:events';
import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSandbox, organisations } from '../../src/sandbox/index.ts';
import { startBalancer } from './balancer.ts';
import { startReplica } from './replica.ts';
import type { Replica } from './replica.ts';

export interface RollingRestartOptions {
  /** How often both replicas are restarted. */
  readonly rounds: number;
  /** Callers at the same time, most of them on keep-alive connections of their own. */
  readonly callers: number;
  readonly drainDelayMs: number;
  /** Of each replica. */
  readonly workers: number;
}

export interface RollingRestartReport {
  sent: number;
  /** Status 200 with the persona that was asked for. */
  answered: number;
  /** The rest, in words; nothing is sent twice. */
  readonly failures: string[];
  /** Of the replicas that were told to stop. */
  readonly exitCodes: (number | null)[];
}

const [organisation] = organisations;
const persona = organisation?.personas[0];
const body = JSON.stringify({ query: `{ persona(id: "${persona?.id}") { name } }` });
const expected = JSON.stringify({ data: { persona: { name: persona?.name } } });

async function post(url: string, agent: Agent): Promise<string> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const outgoing = request(`${url}/graphql`, { method: 'POST', agent, headers }).end(body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return `${response.statusCode} ${await text(response)}`;
}

/** Restarts two replicas behind a balancer, one after the other, under load. */
export async function runRollingRestart(options: RollingRestartOptions): Promise<RollingRestartReport> {
  const report: RollingRestartReport = { sent: 0, answered: 0, failures: [], exitCodes: [] };
  const sandbox = await createSandbox();
  const balancer = await startBalancer();
  const start = async (): Promise<Replica> => {
    const replica = await startReplica({
      BLUEJAY_BASE_URL: sandbox.url,
      BLUEJAY_API_KEY: organisation?.apiKey ?? '',
      DRAIN_DELAY_MS: String(options.drainDelayMs),
      WORKERS: String(options.workers),
    });
    balancer.targets.add(replica.url);
    const deadline = AbortSignal.timeout(20_000);
    while (!balancer.isReady(replica.url)) await sleep(10, undefined, { signal: deadline });
    return replica;
  };
  const replicas = await Promise.all([start(), start()]);

  const end = new AbortController();
  const call = async (_: unknown, index: number) => {
    // A quarter of the callers connects anew for each request, and so meets a listener that has just closed.
    const agent = new Agent({ keepAlive: index % 4 !== 0, maxSockets: 1 });
    while (!end.signal.aborted) {
      report.sent += 1;
      const answer = await post(balancer.url, agent).catch((error: unknown) => String(error));
      if (answer === `200 ${expected}`) report.answered += 1;
      else report.failures.push(answer);
      // Open connections and their use are the point, not how much the machine can do.
      await sleep(5);
    }
    agent.destroy();
  };
  const callers = Array.from({ length: options.callers }, call);
  try {
    for (let round = 0; round < options.rounds; round += 1) {
      for (const [index, replica] of replicas.entries()) {
        report.exitCodes.push(await replica.stop('SIGTERM'));
        // Only its probes tell the balancer that a replica is leaving.
        replicas[index] = await start();
        balancer.targets.delete(replica.url);
      }
    }
  } finally {
    end.abort();
    await Promise.all(callers);
    await Promise.all(replicas.map((replica) => replica.stop('SIGKILL')));
    balancer.close();
    await sandbox.close();
  }
  return report;
}
