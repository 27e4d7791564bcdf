// The floor for refusals: node:http answers every request with the same 503, with half of the gateway's headers.
import { createServer } from 'node:http';

const body = JSON.stringify({
  errors: [
    {
      message: 'The gateway has too much to do at the moment; try again later.',
      extensions: { code: 'OVERLOADED', retryable: true, retryAfterMs: 1_000 },
    },
  ],
});
const headers = {
  'content-type': 'application/json; charset=utf-8',
  'content-length': String(body.length),
  'retry-after': '1',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-request-id': '3c90c3cc-0d44-4b50-8888-8dd25736052a',
};
createServer((_request, response) => response.writeHead(503, headers).end(body)).listen(
  Number(process.env['PORT']),
  '127.0.0.1',
);
