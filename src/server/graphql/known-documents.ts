import { createHash } from 'node:crypto';
import type { DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode } from 'graphql';
import { Kind } from 'graphql';
import { LRUCache } from 'lru-cache';
import { createOperationRunner } from './operation-runner.ts';
import type { OperationRunner } from './operation-runner.ts';

/** A document that has passed parsing, the limits and validation: none of them is done twice. */
export interface KnownDocument {
  readonly document: DocumentNode;
  /** What tells it from others in the log: the first 16 hexadecimal digits of its text's SHA-256. */
  readonly hash: string;
  /** The operation of a document that has only one; another one is chosen by its name each time. */
  readonly only: { readonly operation: OperationDefinitionNode; readonly run: OperationRunner } | undefined;
}

export interface KnownDocuments {
  get(text: string): KnownDocument | undefined;
  add(text: string, document: DocumentNode): KnownDocument;
  /** What was found wrong with a document that came a moment ago: clients that send it send it again. */
  refusalOf(text: string): Refused | undefined;
  refuse(text: string, refused: Refused): void;
}

interface Refused {
  /** With another name the document may be refused for another reason. */
  readonly operationName: string | undefined;
  readonly errors: readonly GraphQLError[];
}

/** The documents that came last, bounded by their number and by the length of their texts. */
export function createKnownDocuments(schema: GraphQLSchema, runsBeforeCompiling: number): KnownDocuments {
  const documents = new LRUCache<string, KnownDocument>({
    max: 1_024,
    // A document takes a hundred times its text and more.
    maxSize: 500_000,
    maxEntrySize: 50_000,
    sizeCalculation: (_document, text) => text.length,
  });
  const refusals = new LRUCache<string, Refused>({
    max: 100,
    maxSize: 200_000,
    maxEntrySize: 10_000,
    // The name is the caller's, too, and as long as it likes.
    sizeCalculation: ({ operationName = '' }, text) => text.length + operationName.length + 1,
  });
  return {
    get: (text) => documents.get(text),
    refusalOf: (text) => refusals.get(text),
    refuse: (text, refused) => void refusals.set(text, refused),
    add(text, document) {
      const operations = document.definitions.filter((node) => node.kind === Kind.OPERATION_DEFINITION);
      const [operation, another] = operations;
      const only =
        operation !== undefined && another === undefined
          ? { operation, run: createOperationRunner({ schema, document, runsBeforeCompiling }) }
          : undefined;
      const known = { document, hash: hashOf(text), only };
      documents.set(text, known);
      return known;
    },
  };
}

/** The first 16 hexadecimal digits of a text's SHA-256. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
