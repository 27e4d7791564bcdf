import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { control, controlPath } from './control.ts';
import { createFastApi, targetOf } from './fastapi.ts';
import { createFaults, isCarriedOut, send } from './faults.ts';
import type { Faults } from './faults.ts';
import { organisations as builtIn } from './organisations.ts';
import type { Organisation } from './organisations.ts';
import { createOrganisationStore } from './store.ts';
import type { OrganisationStore } from './store.ts';

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
}

/** A request that reached the sandbox. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Empty until it has arrived. */
  body: string;
  /** True once the client went away before the answer was sent. */
  aborted: boolean;
}

/** A stand-in for Bluejay's API: real HTTP on a loopback port, with faults on demand. */
export interface Sandbox {
  readonly url: string;
  readonly faults: Faults;
  /** The requests since the start, oldest first. May be emptied. */
  readonly requests: ReceivedRequest[];
  /** The personas of an API key, as they are now. */
  personasOf(apiKey: string): ReturnType<OrganisationStore['personas']>;
  /** The most requests that were unanswered at the same time. */
  peakInFlight(): number;
  /** Sockets that are open now. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

/** Replaced by the fault of a request that is not carried out. */
const noAnswer = { status: 500, headers: {}, body: '' };

/** How many requests are kept; older ones are removed. */
const maxRequests = 10_000;

export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, organisations = builtIn } = options;
  const stores = new Map(
    organisations.map((organisation) => [organisation.apiKey, createOrganisationStore(organisation)]),
  );
  const answer = createFastApi((apiKey) => stores.get(apiKey));
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
    if (path === controlPath) {
      control(request, faults)
        .then((reply) => send(response, reply))
        .catch(destroy);
      return;
    }
    const received = { method, path, headers, body: '', aborted: false };
    requests.push(received);
    if (requests.length > maxRequests) requests.shift();
    inFlight += 1;
    peakInFlight = Math.max(peakInFlight, inFlight);
    response.once('close', () => {
      inFlight -= 1;
      received.aborted = !response.writableFinished;
    });
    const { 'x-api-key': header } = headers;
    const apiKey = typeof header === 'string' ? header : undefined;
    const reply = (body: string) => {
      received.body = body;
      const rule = faults.take(method, targetOf(path));
      const isLost = method !== 'GET' && rule !== undefined && !isCarriedOut(rule);
      const right = isLost ? noAnswer : answer({ method, path, apiKey, body });
      return send(response, right, rule?.fault);
    };
    if (method === 'GET') {
      request.resume();
      reply('').catch(destroy);
    } else readText(request).then(reply).catch(destroy);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    faults,
    requests,
    personasOf: (apiKey) => stores.get(apiKey)?.personas() ?? [],
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
