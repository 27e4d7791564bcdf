import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createProject } from './project.ts';

const document = `query AppQuery($id: UUID!) { persona(id: $id) { id createdAt name } }`;
const scalars = { UUID: 'string', DateTime: 'string' };

/** Compiles where the types of the operation are those of the schema. */
const typed = (result: string, variables: string) => `
  export const result: ${result} = { persona: { id: '', createdAt: null, name: null } };
  export const variables: ${variables} = { id: '3c90c3cc-0d44-4b50-8888-8dd25736052a' };
  // @ts-expect-error there is no such variable
  export const wrong: ${variables} = { uuid: '' };
`;

const packageJson = { type: 'module', private: true };
const compilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  target: 'es2022',
  module: 'preserve',
};

test('GraphQL Code Generator makes types from the package’s schema', async () => {
  const project = await createProject({
    'package.json': packageJson,
    'tsconfig.json': { compilerOptions },
    'codegen.mjs': `
      import { fileURLToPath } from 'node:url';
      export default {
        schema: fileURLToPath(import.meta.resolve('bluejay-graphql/api.graphql')),
        documents: 'src/*.ts',
        generates: {
          'src/gql/': {
            preset: 'client',
            config: { strictScalars: true, scalars: ${JSON.stringify(scalars)}, useTypeImports: true },
          },
        },
      };`,
    'src/app.ts': `
      import type { ResultOf, VariablesOf } from '@graphql-typed-document-node/core';
      import { graphql } from './gql';
      export const query = graphql(\`${document}\`);
      ${typed('ResultOf<typeof query>', 'VariablesOf<typeof query>')}`,
  });
  await project.run('graphql-codegen-esm', '--config', 'codegen.mjs');
  expect(await project.run('tsc')).toBe('');
});

test('gql.tada infers types from the package’s schema', async () => {
  const plugin = {
    name: 'gql.tada/ts-plugin',
    schema: './node_modules/bluejay-graphql/api.graphql',
    tadaOutputLocation: './src/graphql-env.d.ts',
  };
  const project = await createProject({
    'package.json': packageJson,
    'tsconfig.json': { compilerOptions: { ...compilerOptions, plugins: [plugin] } },
    'src/app.ts': `
      import { initGraphQLTada } from 'gql.tada';
      import type { ResultOf, VariablesOf } from 'gql.tada';
      import type { introspection } from './graphql-env.d.ts';
      const graphql = initGraphQLTada<{
        introspection: introspection;
        scalars: { UUID: string; DateTime: string };
      }>();
      export const query = graphql(\`${document}\`);
      ${typed('ResultOf<typeof query>', 'VariablesOf<typeof query>')}`,
  });
  await project.run('gql.tada', 'generate-output');
  await project.run('gql.tada', 'check');
  expect(await project.run('tsc')).toBe('');
});

test('Relay’s compiler compiles operations against the package’s schema', async () => {
  const project = await createProject({
    'package.json': packageJson,
    'relay.config.json': {
      src: './src',
      language: 'typescript',
      schema: './node_modules/bluejay-graphql/api.graphql',
      customScalarTypes: scalars,
    },
    'src/app.ts': `
      import { graphql } from 'relay-runtime';
      export const query = graphql\`${document.replace('AppQuery', 'appQuery')}\`;`,
  });
  await project.run('relay-compiler');
  const artifact = await readFile(join(project.folder, 'src/__generated__/appQuery.graphql.ts'), 'utf8');
  expect(artifact).toMatch(/readonly createdAt: string \| null/);
});
