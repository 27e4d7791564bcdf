import type { CodegenConfig } from '@graphql-codegen/cli';

// Typed operations for TypeScript clients, from the committed schema. Frontend teams copy examples/frontend;
// the tests query through the same output.
const config: CodegenConfig = {
  schema: 'api.graphql',
  documents: ['examples/frontend/operations.ts'],
  generates: {
    'examples/frontend/gql/': {
      preset: 'client',
      presetConfig: {
        fragmentMasking: false,
        // Each document's id, and persisted-documents.json for the gateway's TRUSTED_DOCUMENTS.
        persistedDocuments: { hashAlgorithm: 'sha256' },
      },
      config: {
        // Documents as strings: a client needs no graphql package at run time.
        documentMode: 'string',
        emitLegacyCommonJSImports: false,
        importExtension: '.ts',
        useTypeImports: true,
        enumsAsTypes: true,
        strictScalars: true,
        scalars: { UUID: 'string', DateTime: 'string' },
      },
    },
  },
};

// oxlint-disable-next-line import/no-default-export -- GraphQL Code Generator wants one
export default config;
