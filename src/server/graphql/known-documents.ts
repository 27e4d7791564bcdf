import { createHash } from 'node:crypto';
import type { DocumentNode, GraphQLError } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { PreparedOperation } from './preparation.ts';

/** A document that has passed parsing, the limits and validation: none of them runs twice. */
export interface KnownDocument {
  readonly document: DocumentNode;
  /** Identifies the document in the log: the first 16 hexadecimal digits of its text's SHA-256. */
  readonly hash: string;
  /** The operations that were requested so far, by the `operationName` of the request. */
  readonly operations: Map<string | undefined, PreparedOperation>;
}

/** Caches the documents that were received last. */
export interface KnownDocuments {
  get(text: string): KnownDocument | undefined;
  add(text: string, document: DocumentNode): KnownDocument;
  /** Returns the errors of a document that was refused recently: clients that send one repeat it. */
  refusalOf(text: string): Refused | undefined;
  addRefusal(text: string, refused: Refused): void;
}

interface Refused {
  /** With another name the document may be refused for another reason. */
  readonly operationName: string | undefined;
  readonly errors: readonly GraphQLError[];
}

/** Creates a cache that is bounded by the number of documents and the length of their texts. */
export function createKnownDocuments(): KnownDocuments {
  const documents = new LRUCache<string, KnownDocument>({
    max: 1_024,
    // A document takes some two hundred times the memory of its text: 50 MB in all.
    maxSize: 250_000,
    maxEntrySize: 50_000,
    sizeCalculation: (_document, text) => text.length,
  });
  const refusals = new LRUCache<string, Refused>({
    max: 100,
    maxSize: 200_000,
    maxEntrySize: 10_000,
    // The client chooses the name, too, and its length.
    sizeCalculation: ({ operationName = '' }, text) => text.length + operationName.length + 1,
  });
  return {
    get: (text) => documents.get(text),
    refusalOf: (text) => refusals.get(text),
    addRefusal: (text, refused) => void refusals.set(text, refused),
    add(text, document) {
      const known = { document, hash: hashOf(text), operations: new Map() };
      documents.set(text, known);
      return known;
    },
  };
}

/** @returns the first 16 hexadecimal digits of the text's SHA-256 */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
