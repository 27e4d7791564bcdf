import { hash } from 'node:crypto';
import type { DocumentNode } from 'graphql';

/**
 * The first 16 digits of the SHA-256 of a document's text: by it the same operation is found again in logs of
 * clients, routers and gateways, whatever its name.
 */
export type OperationHash = (document: DocumentNode, text: string) => string;

/** Hashes are kept with the documents of the parser's cache: each is computed once. */
export function createOperationHash(): OperationHash {
  const hashes = new WeakMap<DocumentNode, string>();
  return (document, text) => {
    let digest = hashes.get(document);
    if (digest === undefined) {
      digest = hash('sha256', text).slice(0, 16);
      hashes.set(document, digest);
    }
    return digest;
  };
}
