import { execFileSync } from 'node:child_process';
import { buildSchema, isObjectType, parse, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { composers, subgraphs } from './composers.ts';
import type { Subgraphs } from './composers.ts';

/** The subgraphs with a replacement in one of them, which must match, and an addition to it. */
function edit(name: keyof Subgraphs, from: string, to: string, addition = ''): Subgraphs {
  if (!subgraphs[name].includes(from)) throw new Error(`${name} has no ${from}`);
  return { ...subgraphs, [name]: subgraphs[name].replace(from, to) + addition };
}

const persona = `type CustomerPersona @key(fields: "id", resolvable: false) {\n    id: ID!\n`;

describe.each(composers)('%s', (_name, compose) => {
  test('composes the subgraph with the two of the example', () => {
    const composition = compose(subgraphs);
    if (!composition.ok) throw new Error(composition.errors.join('\n'));
    const schema = buildSchema(composition.clientSchema ?? '');
    const fieldsOf = (name: string) => {
      const type = schema.getType(name);
      return isObjectType(type) ? Object.keys(type.getFields()).toSorted() : [];
    };
    expect(fieldsOf('Query')).toEqual(['agent', 'agents', 'calls', 'persona', 'personas', 'personasByAgent']);
    expect(fieldsOf('Mutation')).toEqual([
      'createCustomerPersona',
      'deleteCustomerPersona',
      'updateCustomerPersona',
    ]);
    expect(fieldsOf('CustomerPersona')).toEqual(['createdAt', 'description', 'goal', 'id', 'name', 'orgId']);
    expect(fieldsOf('Agent')).toEqual(['customerPersonas', 'id', 'name']);
    expect(fieldsOf('Call')).toEqual(['agent', 'id', 'persona']);
  });

  test('composes with the tags and the contact that a platform adds', () => {
    const sdl = execFileSync(
      'node',
      ['examples/ci/add-directives.ts', 'partner', 'Voice "platform"', 'https://a.example'],
      {
        input: subgraphs['customer-personas'],
        encoding: 'utf8',
      },
    );
    const composition = compose({ ...subgraphs, 'customer-personas': sdl });
    if (!composition.ok) throw new Error(composition.errors.join('\n'));
    expect(composition.supergraphSdl ?? '@tag(name: "partner")').toContain('@tag(name: "partner")');
  });

  test('lets other teams put agents and personas behind an interface and into a union', () => {
    const shared = `
      interface Node { id: ID! }
      union Party = Agent | CustomerPersona
      extend type Query { node(id: ID!): Node parties: [Party!]! }
    `;
    const implementing = persona.replace('CustomerPersona', 'CustomerPersona implements Node');
    const composition = compose(edit('calls', persona, implementing, shared));
    if (!composition.ok) throw new Error(composition.errors.join('\n'));
    const query = `{
      node(id: "1") { id ... on CustomerPersona { name } }
      parties { ... on Agent { id customerPersonas { id } } ... on CustomerPersona { id goal } }
    }`;
    expect(validate(buildSchema(composition.clientSchema ?? ''), parse(query))).toEqual([]);
  });

  test.each([
    [
      'another type for the key',
      edit('calls', persona, persona.replace('ID!', 'String!')),
      /CustomerPersona\.id.* incompatible /,
    ],
    [
      'a second owner of a field',
      edit('calls', persona, `${persona}    name: String\n`),
      /^Non-shareable field .*name|^The Object .*"name" is defined in .* not declared/s,
    ],
    [
      'the entity without its key',
      edit('calls', persona, persona.replace(' @key(fields: "id", resolvable: false)', '')),
      /"(CustomerPersona\.)?id" is .*(non-shareable|not declared)/s,
    ],
    [
      'a query that no subgraph can answer: the key that leads here is another one',
      edit('calls', persona, 'type CustomerPersona @key(fields: "code") {\n    code: ID!\n'),
      /cannot be satisfied|unresolvable/,
    ],
  ])('refuses %s', (_what, broken, message) => {
    const composition = compose(broken);
    expect(composition).toMatchObject({ ok: false });
    expect(composition.ok || composition.errors.join('\n')).toMatch(message);
  });
});
