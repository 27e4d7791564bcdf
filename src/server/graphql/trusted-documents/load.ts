import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { GraphQLError, Kind, OperationTypeNode } from 'graphql';
import type { DocumentNode } from 'graphql';
import type { TrustedDocumentsConfig } from '../../../config/index.ts';
import { ConfigurationError } from '../../../shared/configuration-error.ts';
import { isObject } from '../../../shared/is-object.ts';
import type { Pipeline } from '../pipeline.ts';
import { createTrustedDocuments, digestOf } from './documents.ts';
import type { TrustedDocument, TrustedDocuments } from './documents.ts';

/**
 * Reads a file in the format of GraphQL Code Generator's `persistedDocuments`, an object of ids and documents. Each id must
 * be the SHA-256 of its document, and each document must pass the pipeline's limits and validation.
 *
 * @throws {ConfigurationError} with a line for each wrong document, or about the file
 */
export async function loadTrustedDocuments(
  { path, mode }: TrustedDocumentsConfig,
  pipeline: Pipeline,
): Promise<TrustedDocuments> {
  const { parse, validate, schema } = pipeline.getEnveloped();
  const documents = new Map<string, TrustedDocument>();
  const problems: string[] = [];
  for (const [id, text] of Object.entries(await readJsonObject(path))) {
    const result = read(id, text);
    if (typeof result === 'string') problems.push(`TRUSTED_DOCUMENTS: ${id.slice(0, 80)}: ${result}`);
    else documents.set(result.digest, result.document);
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  return createTrustedDocuments(documents, mode === 'only');

  function read(id: string, text: unknown): { digest: string; document: TrustedDocument } | string {
    if (typeof text !== 'string') return 'expected the text of a document';
    const digest = digestOf(id);
    if (digest === undefined) {
      return 'expected an id of "sha256:" and 64 hexadecimal digits (hashAlgorithm: "sha256" in codegen.ts)';
    }
    if (createHash('sha256').update(text).digest('hex') !== digest)
      return 'the id is not the SHA-256 of the document';
    try {
      const document = parse(text);
      const [error] = validate(schema, document);
      if (error !== undefined) return error.message;
      return { digest, document: { text, isReadOnly: hasOnlyQueries(document) } };
    } catch (error) {
      if (error instanceof GraphQLError) return error.message;
      throw error;
    }
  }
}

async function readJsonObject(path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw wrong(`cannot read the file ${path}: ${error.code}`);
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw wrong(`expected JSON in the file ${path}`);
  }
  if (!isObject(json)) throw wrong(`expected an object of ids and documents in the file ${path}`);
  return json;
}

function wrong(problem: string): ConfigurationError {
  return new ConfigurationError([`TRUSTED_DOCUMENTS: ${problem}`]);
}

function hasOnlyQueries({ definitions }: DocumentNode): boolean {
  return definitions.every(
    (node) => node.kind !== Kind.OPERATION_DEFINITION || node.operation === OperationTypeNode.QUERY,
  );
}
