import { expect, test } from 'vitest';
import type { GatewayError } from '../../../examples/frontend/client.ts';
import type { Fault } from '../../../src/sandbox/index.ts';
import type { ErrorCode } from '../../../src/shared/error-codes.ts';
import { clinic, someIds } from '../../support/gateway.ts';
import { fewPlaces, fillLine } from '../../support/leaving-client.ts';
import { subgraphs } from '../composers.ts';
import { callsWith, routerSecret } from '../start-supergraph.ts';
import type { SupergraphOptions } from '../start-supergraph.ts';
import type { Guide } from './guide.ts';
import { personasOf } from './personas-of.ts';
import type { StartWith } from './start-with.ts';

const ids = clinic.personas.map(({ id }) => id);
const [first] = clinic.personas;

/** What fails in part, and what is refused as a whole. */
export function testErrors(startWith: StartWith, guide: Guide): void {
  test('a list that fails costs that list: what other subgraphs know of the agents is answered', async () => {
    const supergraph = await startWith(callsWith(ids.slice(0, 2)), {
      agents: [
        { id: '7', name: 'Appointments' },
        { id: '8', name: 'Night line' },
        { id: 'agent-x', name: 'Somebody else’s' },
      ],
    });
    supergraph.gateway.sandbox.faults.add({ agentId: 8, fault: { kind: 'answer', status: 500 } });
    const { data, errors } = await supergraph.query(
      `{ agents { id name customerPersonas { name } }
         calls { id agent { name } persona { name } }
         malformed: personasByAgent(agentId: "agent-x") { name } }`,
    );
    const names = clinic.personas.map((persona) => ({ name: persona.name }));
    expect(data).toEqual({
      agents: [
        { id: '7', name: 'Appointments', customerPersonas: names.slice(0, 3) },
        { id: '8', name: 'Night line', customerPersonas: null },
        { id: 'agent-x', name: 'Somebody else’s', customerPersonas: [] },
      ],
      calls: [
        { id: 'call-0', agent: { name: 'Appointments' }, persona: names[0] },
        { id: 'call-1', agent: { name: 'Night line' }, persona: names[1] },
      ],
      malformed: null,
    });
    expect(codesByPath(errors)).toEqual({
      [guide['A list’s error'] ?? '']: 'UPSTREAM_ERROR',
      malformed: 'BAD_USER_INPUT',
    });
  });

  test('errors arrive at the client with their codes, at their places, and harm nothing else', async () => {
    const supergraph = await startWith(callsWith([...ids.slice(0, 2), 'nobody', ...someIds(6)]), {
      timeoutMs: 1_500,
    });
    const { faults } = supergraph.gateway.sandbox;
    const failures: [ErrorCode, Fault][] = [
      ['UNAUTHENTICATED', { kind: 'answer', status: 401 }],
      ['FORBIDDEN', { kind: 'answer', status: 403 }],
      ['RATE_LIMITED', { kind: 'answer', status: 429, headers: { 'retry-after': '30' } }],
      ['UPSTREAM_ERROR', { kind: 'answer', status: 500 }],
      ['UPSTREAM_INVALID_RESPONSE', { kind: 'answer', status: 200, body: 'no JSON' }],
      ['UPSTREAM_TIMEOUT', { kind: 'hang' }],
    ];
    for (const [index, [, fault]] of failures.entries()) {
      faults.add({ personaId: someIds(6)[index] ?? '', fault });
    }
    faults.add({ personaId: ids[1] ?? '', fault: { kind: 'answer', status: 503 } });

    const { data, errors } = await supergraph.query(
      '{ calls { id agent { name } persona { id name } } }',
      {},
      { 'x-request-id': 'client-1' },
    );
    const codes = ['UPSTREAM_UNAVAILABLE', 'BAD_USER_INPUT', ...failures.map(([code]) => code)];
    expect(codesByPath(errors)).toEqual(
      Object.fromEntries(
        codes.map((code, index) => [guide['An entity’s error']?.replace('1', String(index + 1)), code]),
      ),
    );
    expect(new Set(errors?.map(({ extensions }) => extensions.requestId))).toEqual(new Set(['client-1']));
    expect(errors).toContainEqual(
      expect.objectContaining({
        extensions: expect.objectContaining({
          code: 'RATE_LIMITED',
          retryable: true,
          retryAfterMs: 30_000,
        }),
      }),
    );
    // Routers keep the reference that the other subgraph gave.
    expect(personasOf({ data })).toEqual([
      { id: ids[0], name: first?.name },
      ...[ids[1], 'nobody', ...someIds(6)].map((id) => ({ id, name: null })),
    ]);
    expect(supergraph.requests['customer-personas'].map(({ status }) => status)).toEqual([200]);
  });

  test.each<[code: ErrorCode, options: SupergraphOptions]>([
    ['QUERY_TOO_COMPLEX', { maxRepresentations: 1 }],
    ['UNAUTHENTICATED', { routerSecrets: ['known-to-another-router'] }],
    ['OVERLOADED', { upstreamLimits: fewPlaces, metrics: { port: 0, host: '127.0.0.1' } }],
    ['RATE_LIMITED', { protection: { rateLimit: { points: 1, windowSeconds: 60 } } }],
    [
      'BAD_REQUEST',
      { trustedDocuments: { path: 'examples/frontend/gql/persisted-documents.json', mode: 'only' } },
    ],
    [
      'GRAPHQL_VALIDATION_FAILED',
      {
        sdls: {
          ...subgraphs,
          'customer-personas': subgraphs['customer-personas'].replace(
            ' name: String\n',
            ' name: String\n  mood: String\n',
          ),
        },
      },
    ],
  ])(
    'a request that is refused with %s costs what it would read, and shows nothing else',
    async (code, options) => {
      const supergraph = await startWith(callsWith(ids.slice(0, 2)), options);
      const field = code === 'GRAPHQL_VALIDATION_FAILED' ? 'mood' : 'name';
      const ask = () => supergraph.query(`{ calls { agent { name } persona { id ${field} } } }`);
      if (code === 'OVERLOADED') {
        supergraph.gateway.sandbox.faults.add({ fault: { kind: 'hang' } });
        await fillLine(supergraph.gateway, { headers: { 'router-authorization': routerSecret } });
      }
      // The first one uses up the points.
      if (code === 'RATE_LIMITED') await ask();
      const { data, errors } = await ask();
      expect(data).toMatchObject({
        calls: [{ agent: { name: 'Appointments' }, persona: { id: ids[0], [field]: null } }, {}],
      });
      expect(new Set(errors?.map(({ extensions }) => extensions.code))).toEqual(new Set([guide[code]]));
      expect(JSON.stringify(errors)).not.toContain('127.0.0.1');
    },
  );
}

function codesByPath(errors: readonly GatewayError[] = []): Record<string, string> {
  return Object.fromEntries(errors.map(({ path, extensions }) => [path?.join('.'), extensions.code]));
}
