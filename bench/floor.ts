// The floor: the least that a server in Node.js does for the same answers. It uses node:http, undici's dispatch,
// JSON.parse and JSON.stringify, and no GraphQL: it reads only the variables of the requests.
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';

interface Bluejay {
  id: string;
  created_at: string;
  name: string;
  description: string;
  goal: string;
  org_id: string;
}

interface Params {
  variables?: { id?: string; ids?: string[]; representations?: { id: string }[] };
}

type Settle = (status: number, body: string) => void;

const pool = new Pool(process.env['UPSTREAM'] ?? '', { connections: 64 });
const headers = { accept: 'application/json', 'x-api-key': 'bench-key' };

class Read implements Dispatcher.DispatchHandler {
  readonly #settle: Settle;
  readonly #chunks: Buffer[] = [];
  #status = 0;

  constructor(settle: Settle) {
    this.#settle = settle;
  }

  // undici requires it.
  onRequestStart(): void {}

  onResponseStart(_controller: unknown, status: number): void {
    this.#status = status;
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#settle(this.#status, Buffer.concat(this.#chunks).toString('utf8'));
  }

  onResponseError(_controller: unknown, error: Error): void {
    throw error;
  }
}

function read(id: string, settle: Settle): void {
  pool.dispatch({ method: 'GET', path: `/v1/customer-persona/${id}`, headers }, new Read(settle));
}

function map(body: string) {
  const { id, created_at, name, description, goal, org_id } = JSON.parse(body) as Bluejay;
  return { id, createdAt: created_at.replace('+00:00', 'Z'), name, description, goal, orgId: org_id };
}

function send(response: ServerResponse, answer: unknown): void {
  const body = JSON.stringify(answer);
  response.writeHead(200, {
    'content-type': 'application/graphql-response+json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

function fanOut(response: ServerResponse, field: string, ids: readonly string[]): void {
  const personas = ids.map((): unknown => null);
  let left = ids.length;
  for (const [index, id] of ids.entries()) {
    read(id, (_status, body) => {
      personas[index] = map(body);
      left -= 1;
      if (left === 0) send(response, { data: { [field]: personas } });
    });
  }
}

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { variables = {} } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Params;
    const { id, ids, representations } = variables;
    if (ids !== undefined) {
      fanOut(response, 'personas', ids);
    } else if (representations !== undefined) {
      fanOut(
        response,
        '_entities',
        representations.map((representation) => representation.id),
      );
    } else if (id !== undefined) {
      read(id, (status, body) => {
        if (status === 200) return send(response, { data: { persona: map(body) } });
        const { detail } = JSON.parse(body) as { detail: { msg: string }[] };
        const extensions = { code: 'BAD_USER_INPUT' };
        send(response, {
          errors: [{ message: detail[0]?.msg, path: ['persona'], extensions }],
          data: { persona: null },
        });
      });
    } else {
      send(response, { errors: [{ message: 'The document does not fit the schema.' }] });
    }
  });
}).listen(Number(process.env['PORT']), '127.0.0.1');
