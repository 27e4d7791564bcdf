import type { Fault } from '../../src/sandbox/faults.ts';
import { exampleId } from '../support/gateway.ts';

/** A word that is a secret wherever it stands: whatever comes out with it in it has leaked. */
export const canary = 'canary-7f3a9c';
export const callerKey = `${canary}-of-the-caller`;
export const houseKey = `${canary}-of-the-house`;
export const routerSecret = `${canary}-of-the-router`;

const said = JSON.stringify({ detail: canary, [canary]: canary });
const headers = { 'content-type': 'application/json', 'x-canary': canary, 'set-cookie': `a=${canary}` };
const answer = (status: number, body = said, more: Record<string, string> = {}): Fault => ({
  kind: 'answer',
  status,
  headers: { ...headers, ...more },
  body,
});

/** What Bluejay may do, with the canary wherever it can be. */
export const faults: Readonly<Record<string, Fault>> = {
  'a persona with fields of its own': answer(
    200,
    JSON.stringify({ id: exampleId, name: 'Known', secret: canary, agent: { key: canary } }),
  ),
  'another persona': answer(200, JSON.stringify({ id: canary, name: canary })),
  'a persona of the wrong shape': answer(200, JSON.stringify({ id: exampleId, name: { canary } })),
  'bad JSON': answer(200, `{"${canary}`),
  'no JSON': answer(200, `<html>${canary}</html>`, { 'content-type': 'text/html' }),
  'too much': answer(200, JSON.stringify({ id: exampleId, name: canary.repeat(100_000) })),
  'a redirect': answer(302, said, { location: `http://${canary}.example/` }),
  'a bad encoding': answer(200, canary, { 'content-encoding': 'gzip' }),
  'a header that is none': answer(429, said, { 'retry-after': canary }),
  'an echo of the input': answer(
    422,
    JSON.stringify({
      detail: [
        {
          loc: ['path', 'persona_id'],
          msg: 'No',
          type: 'value',
          input: canary,
          ctx: { canary },
          url: canary,
        },
      ],
    }),
  ),
  'a missing key': answer(
    422,
    JSON.stringify({
      detail: [{ loc: ['header', 'x-api-key'], msg: canary, type: 'missing', input: canary }],
    }),
  ),
  ...Object.fromEntries(
    [400, 401, 403, 404, 409, 500, 502, 503].map((status) => [`${status}`, answer(status)]),
  ),
  'half an answer': { kind: 'truncate' },
  'a reset': { kind: 'reset' },
};

/** What Bluejay may do besides, which takes until the timeout. */
export const noAnswer: Fault = { kind: 'hang' };

export const persona = JSON.stringify({ query: `{ persona(id: "${exampleId}") { id name } }` });
export const list = JSON.stringify({ query: '{ personasByAgent(agentId: "1") { id } }' });

export interface CanaryRequest {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What clients may send, with the canary wherever it can be. */
export const requests: Readonly<Record<string, CanaryRequest>> = {
  'a persona': { body: persona },
  'no JSON': { body: `{"query":"${canary}` },
  'no parameters': { body: `"${canary}"` },
  'a wrong variable': {
    body: JSON.stringify({
      query: 'query ($id: UUID!) { persona(id: $id) { id } }',
      variables: { id: canary },
    }),
  },
  'a wrong value': { body: JSON.stringify({ query: `{ persona(id: "${canary}") { id } }` }) },
  'a wrong representation': {
    body: JSON.stringify({
      query: 'query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }',
      variables: { r: [canary, { __typename: 'CustomerPersona', id: canary, [canary]: canary }] },
    }),
  },
  'another path': { path: `/${canary}?${canary}=${canary}` },
  'another method': { method: 'PUT', body: canary },
  'another media type': { headers: { 'content-type': `text/${canary}` }, body: canary },
  'a bad accept': { headers: { accept: `text/${canary}` }, body: persona },
  'a request id that is unfit': { headers: { 'x-request-id': `${canary} ${canary}` }, body: persona },
  'a key that is none': { headers: { 'x-api-key': `${canary},${canary}` }, body: persona },
  'a preflight': {
    method: 'OPTIONS',
    headers: {
      origin: canary,
      'access-control-request-method': canary,
      'access-control-request-headers': canary,
    },
  },
  'other headers': {
    headers: {
      cookie: canary,
      authorization: canary,
      'user-agent': canary,
      'x-forwarded-for': canary,
      origin: canary,
      traceparent: canary,
      tracestate: `a=${canary}`,
      baggage: `${canary}=${canary}`,
    },
    body: persona,
  },
};
