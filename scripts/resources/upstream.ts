import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The keys that the upstream accepts. It answers any other with 401 after the same delay. */
export const tenants = { one: 'key-of-tenant-one', two: 'key-of-tenant-two' } as const;

/** Stands for Bluejay. What it does may be changed at any time. */
export interface Upstream {
  readonly url: string;
  /** How long an answer takes, in milliseconds. @default 0 */
  delayMs: number;
  /** The `description` of every persona. @default 'A patient.' */
  description: string;
  /** How often each path was asked for. */
  readonly calls: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** The length of a list in which the largest answer that the gateway takes has room. */
const listBytes = 16_000_000;

export async function startUpstream(): Promise<Upstream> {
  const calls = new Map<string, number>();
  const accepted = new Set<string | undefined>(Object.values(tenants));

  function answer({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
    const respond = (status: number, body: object) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (!accepted.has(headers['x-api-key']?.toString())) return respond(401, { detail: 'Invalid API key' });
    if (url.startsWith('/v1/customer-persona/')) {
      return respond(200, { id: url.slice(-36), name: 'Ada', description: upstream.description });
    }
    // All of the list but its last byte, which never comes.
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-length': listBytes })
      .write(list());
  }

  const server = createServer((request, response) => {
    const { url = '' } = request;
    calls.set(url, (calls.get(url) ?? 0) + 1);
    setTimeout(answer, upstream.delayMs, request, response).unref();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  const upstream: Upstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    delayMs: 0,
    description: 'A patient.',
    calls,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return upstream;
}

let unfinishedList: Buffer | undefined;

/** Made once: it is as large as all that the audit itself needs. */
function list(): Buffer {
  if (unfinishedList === undefined) {
    const persona = JSON.stringify({
      id: '3c90c3cc-0d44-4b50-8888-8dd25736052a',
      description: 'x'.repeat(2_000),
    });
    const personas = Array.from(
      { length: Math.floor((listBytes - 2) / (persona.length + 1)) },
      () => persona,
    );
    const text = `[${personas.join(',')}`;
    unfinishedList = Buffer.from(text.padEnd(listBytes - 1, ' '));
  }
  return unfinishedList;
}
