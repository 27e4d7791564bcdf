// Answers every read with a persona of the id asked for. Prints its address.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const rest =
  '","created_at":"2023-11-07T05:31:56.123456+00:00","name":"Anxious first-time patient","description":"Thirty-four, never had surgery, reads about risks late at night.","goal":"Leave the call calmer than before.","org_id":"6f1d2b7e-5a0c-4c58-9d1e-2f6a4b8c0d11"}';

const server = createServer((request, response) => {
  const body = `{"id":"${request.url?.slice(-36)}${rest}`;
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
