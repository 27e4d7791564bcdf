import type { DocumentNode, OperationDefinitionNode } from 'graphql';
import { findAskedReads } from './asked-reads.ts';
import type { AskedReads } from './asked-reads.ts';

/** The most reads of Bluejay's that an operation can cause, retries left out. */
export type ReadCounter = (
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>> | undefined,
) => number;

/** Counts every key that is asked for: those that are cached, asked for twice or skipped turn out to cost less. */
export function createReadCounter(): ReadCounter {
  const known = new WeakMap<OperationDefinitionNode, AskedReads>();
  return (document, operation, variables) => {
    let asked = known.get(operation);
    if (asked === undefined) {
      asked = findAskedReads(document, operation);
      known.set(operation, asked);
    }
    let reads = asked.singles;
    for (const { length } of asked.lists) reads += length(variables);
    return reads;
  };
}
