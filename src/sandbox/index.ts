import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { control, controlPath } from './control.ts';
import { createFastApi, targetOf } from './fastapi.ts';
import { createFaults, send } from './faults.ts';
import type { Faults } from './faults.ts';
import { organisations as builtIn } from './organisations.ts';
import type { Organisation } from './organisations.ts';

export type { Fault, FaultRule, Faults } from './faults.ts';
export { organisations } from './organisations.ts';
export type { Organisation, WirePersona } from './organisations.ts';

export interface SandboxOptions {
  /** @default 127.0.0.1 */
  readonly host?: string;
  /** @default 0, any free port */
  readonly port?: number;
  /** @default two organisations with six personas each */
  readonly organisations?: readonly Organisation[];
  /** Whether faults can be set over HTTP too. @default true */
  readonly isControllable?: boolean;
}

/** A request that reached the sandbox. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** True once the client went away before the answer was sent. */
  aborted: boolean;
}

/** A stand-in for Bluejay's API: real HTTP on a loopback port, with faults on demand. */
export interface Sandbox {
  readonly url: string;
  readonly faults: Faults;
  /** The requests since the start, oldest first. May be emptied. */
  readonly requests: ReceivedRequest[];
  /** The most requests that were unanswered at the same time. */
  peakInFlight(): number;
  /** Sockets that are open now. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

/** How many requests are kept; older ones are removed. */
const maxRequests = 10_000;

export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, organisations = builtIn, isControllable = true } = options;
  const answer = createFastApi(organisations);
  const faults = createFaults();
  const requests: ReceivedRequest[] = [];
  let inFlight = 0;
  let peakInFlight = 0;

  // uvicorn closes idle connections after 5 s.
  const server = createServer({ keepAliveTimeout: 5_000 }, (request, response) => {
    const [path = '/'] = (request.url ?? '/').split('?', 1);
    const { method = 'GET', headers } = request;
    // A fault that fails destroys the connection, not the process.
    const destroy = () => response.destroy();
    if (isControllable && path === controlPath) {
      control(request, faults)
        .then((reply) => send(response, reply))
        .catch(destroy);
      return;
    }
    const received = { method, path, headers, aborted: false };
    requests.push(received);
    if (requests.length > maxRequests) requests.shift();
    inFlight += 1;
    peakInFlight = Math.max(peakInFlight, inFlight);
    response.once('close', () => {
      inFlight -= 1;
      received.aborted = !response.writableFinished;
    });
    request.resume();
    const apiKey = headers['x-api-key'];
    const reply = answer({ method, path, apiKey: typeof apiKey === 'string' ? apiKey : undefined });
    send(response, reply, faults.take(targetOf(path))).catch(destroy);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    faults,
    requests,
    peakInFlight: () => peakInFlight,
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
