// The upstream of the benchmarks without nginx. Listens on PORT.
import { createServer } from 'node:http';
import { agentBody, personaBody, refusalBody, refusedPrefix } from './personas.ts';

const [head = '', tail = ''] = personaBody('|').split('|');

function answer(path: string): { status: number; body: string } {
  const id = path.slice(-36);
  if (path.startsWith(`/v1/customer-persona/${refusedPrefix}-`)) return { status: 422, body: refusalBody };
  if (path === `/v1/customer-persona/${id}`) return { status: 200, body: head + id + tail };
  if (/^\/v1\/customer-personas-by-agent\/\d+$/.test(path)) return { status: 200, body: agentBody };
  return { status: 404, body: '{"detail":"Not Found"}' };
}

createServer((request, response) => {
  const { status, body } = answer(request.url ?? '');
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    .end(body);
}).listen(Number(process.env['PORT']), '127.0.0.1');
