import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { GraphQLError } from 'graphql';
import type { TrustedDocumentsConfig } from '../../../config/index.ts';
import { ConfigurationError } from '../../../shared/configuration-error.ts';
import { isObject } from '../../../shared/is-object.ts';
import type { Pipeline } from '../pipeline.ts';
import { createTrustedDocuments, digestOf } from './documents.ts';
import type { TrustedDocuments } from './documents.ts';

/**
 * Reads a list of documents and their ids. The list is what is trusted, so an id may have any form, but one in the form of a
 * SHA-256 must be that of its document. Each document must pass the pipeline's limits and validation.
 *
 * @throws {ConfigurationError} with a line for each wrong document, or about the file
 */
export async function loadTrustedDocuments(
  { path, mode }: TrustedDocumentsConfig,
  pipeline: Pipeline,
): Promise<TrustedDocuments> {
  const { parse, validate, schema } = pipeline.getEnveloped();
  const documents = new Map<string, string>();
  const problems: string[] = [];
  for (const [id, text] of readEntries(await readJson(path), path)) {
    const problem = findProblem(id, text);
    if (problem !== undefined) problems.push(`TRUSTED_DOCUMENTS: ${nameOf(id)}: ${problem}`);
    else documents.set(digestOf(String(id)) ?? String(id), String(text));
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  return createTrustedDocuments(documents, mode === 'only');

  function findProblem(id: unknown, text: unknown): string | undefined {
    if (typeof id !== 'string' || id === '') return 'expected an id';
    if (typeof text !== 'string') return 'expected the text of a document';
    const digest = digestOf(id);
    if (digest !== undefined && digest !== createHash('sha256').update(text).digest('hex')) {
      return 'the id is not the SHA-256 of the document';
    }
    if (documents.has(digest ?? id)) return 'the id is there twice';
    try {
      return validate(schema, parse(text))[0]?.message;
    } catch (error) {
      if (error instanceof GraphQLError) return error.message;
      throw error;
    }
  }
}

type Entry = readonly [id: unknown, text: unknown];

/**
 * Returns the ids and documents of a file: of an object of them, as GraphQL Code Generator and Relay's compiler write it, or
 * of Apollo's manifest.
 *
 * @see https://www.apollographql.com/docs/graphos/platform/security/persisted-queries#manifest-format
 */
function readEntries(json: unknown, path: string): readonly Entry[] {
  if (!isObject(json)) throw wrong(`expected an object of ids and documents in the file ${path}`);
  const { format, version, operations } = json;
  if (format !== 'apollo-persisted-query-manifest') return Object.entries(json);
  if (version === 1 && Array.isArray(operations) && operations.every(isObject)) {
    return operations.map(({ id, body }) => [id, body]);
  }
  throw wrong(`expected version 1 of Apollo's manifest in the file ${path}`);
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw wrong(`cannot read the file ${path}: ${error.code}`);
  });
  try {
    return JSON.parse(text);
  } catch {
    throw wrong(`expected JSON in the file ${path}`);
  }
}

function nameOf(id: unknown): string {
  return typeof id === 'string' ? id.slice(0, 80) : 'an operation without an id';
}

function wrong(problem: string): ConfigurationError {
  return new ConfigurationError([`TRUSTED_DOCUMENTS: ${problem}`]);
}
