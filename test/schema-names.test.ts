import { spawnSync } from 'node:child_process';
import { buildSchema, isObjectType, printSchema } from 'graphql';
import { describe, expect, test } from 'vitest';
import { createExamples, createSchema } from '../src/schema/index.ts';
import { ownNamesOf, renameSchema } from '../src/schema/rename.ts';
import { problemsOf } from './support/config.ts';
import { clinic, exampleId, startGateway } from './support/gateway.ts';
import { bare } from './support/main.ts';
import { composers, subgraphs } from './supergraph/composers.ts';
import { programs } from './support/programs.ts';

const renamed = { AGENT_TYPE: 'VoiceAgent', SCHEMA_PREFIX: 'Bluejay' };

const runs = new Map<string, ReturnType<typeof spawnSchema>>();

/** What the schema command prints, asked once for each environment. */
function runSchema(environment: Record<string, string>) {
  const key = JSON.stringify(environment);
  const run = runs.get(key) ?? spawnSchema(environment);
  runs.set(key, run);
  return run;
}

function spawnSchema(environment: Record<string, string>) {
  const { status, stdout, stderr } = spawnSync('node', [programs.gateway, 'schema'], {
    env: { ...bare, ...environment },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** What clients of the supergraph see of a type. */
function fieldsIn(clientSchema: string | undefined, type: string): string[] | undefined {
  const found = buildSchema(clientSchema ?? '').getType(type);
  return isObjectType(found) ? Object.keys(found.getFields()).toSorted() : undefined;
}

describe.each(composers)('%s', (_name, compose) => {
  /** Other teams' subgraphs as they are, beside ours under other names. */
  function composeWith(environment: Record<string, string>, agents: string, calls = subgraphs.calls) {
    const { stdout } = runSchema(environment);
    const composition = compose({ agents, calls, 'customer-personas': stdout });
    if (!composition.ok) throw new Error(composition.errors.join('\n'));
    return composition.clientSchema;
  }

  test('an entity of another name gets its personas', () => {
    const [agents, calls] = [subgraphs.agents, subgraphs.calls].map((sdl) =>
      sdl.replaceAll(/\bAgent\b/g, 'VoiceAgent'),
    );
    const schema = composeWith({ AGENT_TYPE: 'VoiceAgent' }, agents ?? '', calls);
    expect(fieldsIn(schema, 'VoiceAgent')).toEqual(['customerPersonas', 'id', 'name']);
    expect(fieldsIn(schema, 'Agent')).toBeUndefined();
  });

  test.each([
    ['an Agent with another type of id', 'type Agent @key(fields: "id") { id: Int! name: String! }'],
    ['an Agent with another key', 'type Agent @key(fields: "email") { email: String! name: String! }'],
    ['an Agent that is no entity', 'type Agent { id: ID! name: String! }'],
    ['an Agent that is an interface', 'interface Agent { id: ID! }'],
  ])('%s composes beside ours without it, and collides with it', (_what, type) => {
    const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])';
    const agents = `${link}\n${type}\ntype Query { agents: [Agent] }`;
    const calls = `${link.replace('"@key"', '"@key", "@shareable"')}\ntype Query { calls: Int }`;
    const schema = composeWith({ AGENT_TYPE: 'none' }, agents, calls);
    expect(fieldsIn(schema, 'Query')).toEqual(['agents', 'calls', 'persona', 'personas']);
    expect(compose({ agents, calls, 'customer-personas': runSchema({}).stdout })).toMatchObject({
      ok: false,
    });
  });

  test('a graph that has a CustomerPersona and a persona of its own takes ours under a prefix', () => {
    const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])';
    const calls = `${link}
      type CustomerPersona @key(fields: "email") { email: String! }
      type Query { persona(email: String!): CustomerPersona personas: [CustomerPersona] }`;
    const schema = composeWith({ SCHEMA_PREFIX: 'Bluejay' }, subgraphs.agents, calls);
    expect(fieldsIn(schema, 'CustomerPersona')).toEqual(['email']);
    expect(fieldsIn(schema, 'BluejayCustomerPersona')).toContain('goal');
    expect(fieldsIn(schema, 'Agent')).toEqual(['customerPersonas', 'id', 'name']);
    expect(fieldsIn(schema, 'Query')).toEqual(
      expect.arrayContaining(['bluejayPersona', 'bluejayPersonas', 'bluejayPersonasByAgent', 'persona']),
    );
  });
});

test('human agents with numeric ids merge with Bluejay’s without a word, but for the subgraphs of the type', () => {
  const humans = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
    type Agent @key(fields: "id") { id: ID! phone: String }
    type Query { humans: [Agent] }`;
  const [apollo] = composers;
  const composition = apollo?.[1]({ ...subgraphs, calls: humans });
  if (composition?.ok !== true) throw new Error('It composes.');
  const [, type = ''] = /\ntype Agent\n(.*?)\{/s.exec(composition.supergraphSdl ?? '') ?? [];
  expect(type.match(/graph: \w+/g)).toEqual(['graph: AGENTS', 'graph: CALLS', 'graph: CUSTOMER_PERSONAS']);
});

test('a gateway answers to its other names, and its router reads them', async () => {
  const gateway = await startGateway({ schemaNames: { agentType: 'VoiceAgent', prefix: 'Bluejay' } });
  const query = `{
    bluejayPersona(id: "${exampleId}") { __typename name }
    _service { sdl }
    _entities(representations: [
      { __typename: "VoiceAgent", id: "8" }
      { __typename: "BluejayCustomerPersona", id: "${exampleId}" }
      { __typename: "Agent", id: "8" }
    ]) {
      __typename
      ... on VoiceAgent { customerPersonas { id } }
      ... on BluejayCustomerPersona { name }
    }
  }`;
  const name = clinic.personas[0]?.name;
  expect(await (await gateway.post({ query })).json()).toMatchObject({
    data: {
      bluejayPersona: { __typename: 'BluejayCustomerPersona', name },
      _service: { sdl: runSchema(renamed).stdout.trimEnd() },
      _entities: [
        { __typename: 'VoiceAgent', customerPersonas: [{ id: clinic.personas[3]?.id }] },
        { __typename: 'BluejayCustomerPersona', name },
        null,
      ],
    },
    errors: [{ path: ['_entities', 2], message: expect.stringContaining('VoiceAgent') as unknown }],
  });
});

test('what an embedder adds keeps its names', async () => {
  const gateway = await startGateway({
    schemaNames: { agentType: 'none', prefix: 'Bluejay' },
    extension: {
      extendSchema: (builder) => {
        const Team = builder.objectRef<{ id: string }>('Team').implement({
          fields: (t) => ({ id: t.exposeID('id', { nullable: false }) }),
        });
        builder.queryField('team', (t) => t.field({ type: Team, resolve: () => ({ id: '1' }) }));
      },
    },
  });
  const query = `{ team { __typename id } bluejayPersona(id: "${exampleId}") { id } }`;
  expect(await (await gateway.post({ query })).json()).toEqual({
    data: { team: { __typename: 'Team', id: '1' }, bluejayPersona: { id: exampleId } },
  });
});

test('a field of an embedder that has the name already ends the gateway with a sentence', async () => {
  const starting = startGateway({
    schemaNames: { agentType: 'none', prefix: 'Bluejay' },
    extension: {
      extendSchema: (builder) => {
        builder.queryField('bluejayPersona', (t) => t.string({ resolve: () => 'x' }));
      },
    },
  });
  await expect(starting).rejects.toThrow(
    'SCHEMA_PREFIX: expected a name that the schema does not have already',
  );
});

test.each([
  ['Bluejay', 'bluejayCreatePersona'],
  ['BJ', 'bjCreatePersona'],
  ['BJGraph', 'bjGraphCreatePersona'],
  ['X', 'xCreatePersona'],
])('with the prefix %s a mutation, its input, its payload and what they use follow: %s', (prefix, field) => {
  const sdl = (start: string, root: string, query: string) => `scalar UUID

enum ${start}Mood {
  CALM
}

input ${start}Input {
  id: UUID
  mood: ${start}Mood = CALM
  nested: [${start}Input!]
}

interface ${start}Failure {
  message: String
}

union ${start}Result = ${start}Payload

type ${start}Payload implements ${start}Failure {
  message: String
}

type Query {
  ${query}: ${start}Payload
}

type Mutation {
  """As \`${root}\` says of \`${start}Payload\`, with \`input\`."""
  ${root}(input: ${start}Input!): ${start}Result
}`;
  const schema = buildSchema(sdl('', 'createPersona', 'persona'));
  const names = { agentType: 'Agent', prefix };
  const query = field.replace('CreatePersona', 'Persona');
  expect(printSchema(renameSchema(schema, ownNamesOf(schema), names))).toBe(
    printSchema(buildSchema(sdl(prefix, field, query))),
  );
});

test.each([
  ['AGENT_TYPE', 'voice agent', 'expected the name of a type, such as VoiceAgent, or none'],
  ['AGENT_TYPE', '__Agent', 'expected the name of a type, such as VoiceAgent, or none'],
  ['SCHEMA_PREFIX', 'bluejay', 'expected letters and digits after a capital, such as Bluejay'],
  ['SCHEMA_PREFIX', 'Blue-jay', 'expected letters and digits after a capital, such as Bluejay'],
])('%s=%s is refused', (variable, value, problem) => {
  expect(problemsOf({ [variable]: value })).toEqual([`${variable}: ${problem}`]);
});

test.each(['Query', 'Mutation', 'Int', 'Float', 'UUID', 'CustomerPersona'])(
  'AGENT_TYPE=%s, which the schema has or may have, ends the gateway with a sentence',
  async (agentType) => {
    await expect(startGateway({ schemaNames: { agentType, prefix: '' } })).rejects.toThrow(
      'AGENT_TYPE: expected a name that the schema does not have already',
    );
  },
);

test('the schema command refuses names as the gateway does', () => {
  expect(runSchema({ AGENT_TYPE: 'voice agent', SCHEMA_PREFIX: 'Blue-jay' })).toEqual({
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /^The configuration is wrong:\n  \w+: expected .+\n  \w+: expected .+\n$/,
    ) as string,
  });
  expect(runSchema({ AGENT_TYPE: 'Query' })).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('AGENT_TYPE: expected a name that the schema does not have already'),
  });
});

test('the examples of GraphiQL have the names of the deployment', async () => {
  const schemaNames = { agentType: 'VoiceAgent', prefix: 'Bluejay' };
  const gateway = await startGateway({ schemaNames });
  const { document, variables } = createExamples(createSchema({ names: schemaNames, writes: false }));
  expect(document).toContain('bluejayPersona(');
  for (const [, operationName] of document.matchAll(/^query (\w+)/gm)) {
    // oxlint-disable no-await-in-loop -- few
    const response = await gateway.post({ query: document, operationName, variables });
    expect(await response.json()).not.toHaveProperty('errors');
    // oxlint-enable no-await-in-loop
  }
});
