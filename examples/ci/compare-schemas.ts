// Compares a subgraph's SDL with the last release's, and fails where a client or a supergraph could break.
//   node compare-schemas.ts <released> <current>
// graphql-inspector's own command line refuses SDL whose federation directives are not defined in it.
import { existsSync, readFileSync } from 'node:fs';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildASTSchema, Kind, parse, print } from 'graphql';
import type { DocumentNode } from 'graphql';

const [released = '', current = ''] = process.argv.slice(2);

if (existsSync(released)) {
  await compare(read(released), read(current));
} else {
  process.stderr.write(`There is no ${released} to compare with.\n`);
  process.exitCode = 1;
}

async function compare(before: DocumentNode, after: DocumentNode): Promise<void> {
  const changes = await diff(toSchema(before), toSchema(after));
  const keys = new Set(keysOf(after));
  const breaking = [
    ...changes
      .filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
      .map(({ message }) => message),
    // Other subgraphs refer to entities by their keys, which the inspector treats as any other directive.
    ...keysOf(before)
      .filter((key) => !keys.has(key))
      .map((key) => `Entity lost a key: ${key}`),
  ];
  if (breaking.length === 0) {
    process.stdout.write('Nothing that the last release had is broken.\n');
    return;
  }
  process.stderr.write(
    `These changes break what the last release had:\n${breaking.map((message) => `  ${message}\n`).join('')}` +
      'Keep it and deprecate it instead.\n',
  );
  process.exitCode = 1;
}

function read(file: string): DocumentNode {
  return parse(readFileSync(file, 'utf8'));
}

/** The federation directives are not defined in the SDL. */
function toSchema(document: DocumentNode) {
  return buildASTSchema(document, { assumeValidSDL: true });
}

/** Such as `CustomerPersona @key(fields: "id")`. */
function keysOf(document: DocumentNode): string[] {
  return document.definitions.flatMap((definition) =>
    definition.kind === Kind.OBJECT_TYPE_DEFINITION
      ? (definition.directives ?? [])
          .filter((directive) => directive.name.value === 'key')
          .map((directive) => `${definition.name.value} ${print(directive)}`)
      : [],
  );
}
