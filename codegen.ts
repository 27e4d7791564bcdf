import type { CodegenConfig } from '@graphql-codegen/cli';
import { addTypenameSelectionDocumentTransform } from '@graphql-codegen/client-preset';

// Typed operations for TypeScript clients, from the committed schema. Frontend teams copy examples/frontend;
// the tests query through the same output. The page and the recipes ask for `__typename`, too: without it normalised
// caches stay empty.
const config: CodegenConfig = {
  schema: 'api.graphql',
  generates: {
    'examples/frontend/gql/': {
      documents: ['examples/frontend/operations.ts'],
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
    'examples/web/src/gql/': {
      documents: ['examples/web/src/operations.ts'],
      documentTransforms: [addTypenameSelectionDocumentTransform],
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: 'string',
        emitLegacyCommonJSImports: false,
        importExtension: '.ts',
        useTypeImports: true,
        enumsAsTypes: true,
        strictScalars: true,
        nonOptionalTypename: true,
        scalars: { UUID: 'string', DateTime: 'string' },
      },
    },
    'examples/clients/gql/': {
      documents: ['examples/clients/operations.ts'],
      documentTransforms: [addTypenameSelectionDocumentTransform],
      preset: 'client',
      presetConfig: { fragmentMasking: false, persistedDocuments: { hashAlgorithm: 'sha256' } },
      config: {
        emitLegacyCommonJSImports: false,
        importExtension: '.ts',
        useTypeImports: true,
        enumsAsTypes: true,
        strictScalars: true,
        nonOptionalTypename: true,
        scalars: { UUID: 'string', DateTime: 'string' },
      },
    },
  },
};

// oxlint-disable-next-line import/no-default-export -- GraphQL Code Generator wants one
export default config;
