import { getOperationAST, GraphQLError } from 'graphql';
import { findAskedReads } from './asked-reads.ts';
import { createKnownDocuments } from './known-documents.ts';
import type { KnownDocument } from './known-documents.ts';
import { createOperationRunner } from './operation-runner.ts';
import type { OperationRunnerOptions } from './operation-runner.ts';
import type { Pipeline, PipelineContext } from './pipeline.ts';
import { operationNotFound, requireQuery, variableNamesOf } from './preparation.ts';
import type { Preparation, PreparedOperation, RefusedOperation } from './preparation.ts';
import type { GraphQLRequest } from './request.ts';
import { shortenName } from './result.ts';

/** Sends each document through Yoga's pipeline once, and prepares each of its operations once. */
export function createPreparation(
  pipeline: Pipeline,
  options: Omit<OperationRunnerOptions, 'document' | 'operationName'>,
): Preparation {
  const { schema } = options;
  const documents = createKnownDocuments();

  return (request, context) => {
    const { query, operationName } = request.params;
    const known = documents.get(query);
    const prepared = known?.operations.get(operationName);
    if (prepared !== undefined) return prepared;
    const document = known ?? readDocument(request, context);
    return 'errors' in document ? document : prepareOperation(document, operationName);
  };

  function readDocument(request: GraphQLRequest, context: PipelineContext): KnownDocument | RefusedOperation {
    const { query, operationName } = request.params;
    const refused = documents.refusalOf(query);
    if (refused !== undefined && refused.operationName === operationName) return { errors: refused.errors };
    const { parse, validate } = pipeline.getEnveloped(context);
    let errors: readonly GraphQLError[];
    try {
      const document = parse(query);
      // Not a refusal of the document: another request may name another operation.
      const operation = getOperationAST(document, operationName);
      if (!operation) return { errors: [operationNotFound(operationName)] };
      // Not a refusal of the document either: POST may send it.
      if (request.isReadOnly === true) requireQuery(operation.operation);
      errors = validate(schema, document);
      if (errors.length === 0) return documents.add(query, document);
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      errors = [error];
    }
    documents.addRefusal(query, { operationName, errors });
    return { errors };
  }

  function prepareOperation(
    { document, hash, operations }: KnownDocument,
    operationName: string | undefined,
  ): PreparedOperation | RefusedOperation {
    const operation = getOperationAST(document, operationName);
    if (!operation) return { errors: [operationNotFound(operationName)] };
    const prepared = {
      name: shortenName(operation.name?.value),
      type: operation.operation,
      hash,
      asked: findAskedReads(schema, document, operation),
      variableNames: variableNamesOf(operation),
      run: createOperationRunner({ ...options, document, operationName }),
    };
    operations.set(operationName, prepared);
    return prepared;
  }
}
