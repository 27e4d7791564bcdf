import { isObject } from '../src/is-object.ts';
import { compareInput, compareOutput } from './compare-schemas.ts';
import type { Difference, Report } from './difference.ts';
import { compareCredentials } from './compare-credentials.ts';
import { parametersOf } from './parameters.ts';
import { createResolve } from './resolve-reference.ts';
import type { Resolve } from './resolve-reference.ts';
import { Uncheckable } from './uncheckable.ts';

type Node = Readonly<Record<string, unknown>>;

/** One call of the contract beside the document's. */
interface Pair {
  readonly contract: Node;
  readonly document: Node;
  readonly resolveContract: Resolve;
  readonly resolveDocument: Resolve;
  readonly where: string;
  readonly report: Report;
}

/**
 * Every difference between what the gateway relies on and what a document describes. What the document has
 * besides the contract's calls is no difference.
 *
 * @param contract contract/bluejay.openapi.yaml, parsed
 * @param document an OpenAPI 3.0 or 3.1 document, parsed
 * @throws {Uncheckable} when the document cannot be followed
 */
export function compareContract(contract: Node, document: Node): readonly Difference[] {
  const differences: Difference[] = [];
  const report: Report = (isBreaking, where, what) => void differences.push({ isBreaking, where, what });
  const resolveContract = createResolve(contract);
  const resolveDocument = createResolve(document);
  const documentPaths = resolveDocument(document['paths']);
  if (documentPaths === undefined) throw new Uncheckable('The document has no paths.');

  for (const [path, item] of Object.entries(resolveContract(contract['paths']) ?? {})) {
    const documentItem = resolveDocument(findPath(documentPaths, path));
    for (const [method, operation] of Object.entries(resolveContract(item) ?? {})) {
      const where = `${method.toUpperCase()} ${path}`;
      const documentOperation = resolveDocument(documentItem?.[method]);
      if (!isObject(operation)) continue;
      if (documentItem === undefined || documentOperation === undefined) {
        report(true, where, 'is gone');
        continue;
      }
      const pair = { contract: operation, document: documentOperation, resolveContract, resolveDocument };
      compareRequest({ ...pair, where, report }, documentItem, document);
      compareResponses({ ...pair, where, report });
    }
  }
  return differences;
}

/** The path of the same form: a parameter's other name is a difference of the parameter. */
function findPath(paths: Node, path: string): unknown {
  const found = Object.keys(paths).find((candidate) => form(candidate) === form(path));
  return paths[path] ?? (found === undefined ? undefined : paths[found]);
}

function form(template: string): string {
  return template.replaceAll(/\{[^}]*\}/g, '{}');
}

function compareRequest(pair: Pair, documentItem: Node, document: Node): void {
  const { where, report, resolveDocument } = pair;
  if (pair.document['deprecated'] === true) report(false, where, 'is deprecated');
  if (resolveDocument(pair.document['requestBody'])?.['required'] === true) {
    report(true, where, 'must be sent with a body');
  }
  const ours = parametersOf([pair.contract['parameters']], pair.resolveContract);
  const theirs = parametersOf([documentItem['parameters'], pair.document['parameters']], resolveDocument);
  const accepted = compareCredentials({
    security: pair.document['security'] ?? document['security'],
    schemes: resolveDocument(resolveDocument(document['components'])?.['securitySchemes']),
    resolve: resolveDocument,
    headers: [...ours.values()].filter((parameter) => parameter.in === 'header').map(({ name }) => name),
    where,
    report,
  });

  for (const [key, our] of ours) {
    const their = theirs.get(key);
    const name = `${where} ${our.in} ${our.name}`;
    if (their !== undefined) {
      compareInput({ ...pair, contract: our.schema, document: their.schema, where: name });
    } else if (!accepted.has(key)) {
      report(true, name, 'is gone');
    }
  }
  for (const [key, their] of theirs) {
    if (ours.has(key)) continue;
    const name = `${where} ${their.in} ${their.name}`;
    report(their.isRequired, name, their.isRequired ? 'is a new required parameter' : 'is a new parameter');
  }
}

function compareResponses(pair: Pair): void {
  const { where, report, resolveContract, resolveDocument } = pair;
  const ours = resolveContract(pair.contract['responses']) ?? {};
  const theirs = resolveDocument(pair.document['responses']) ?? {};
  const known = new Set<string>();
  for (const [status, response] of Object.entries(ours)) {
    const name = `${where} ${status}`;
    const match = [status, `${status[0]}XX`, `${status[0]}xx`, 'default'].find(
      (key) => theirs[key] !== undefined,
    );
    if (match === undefined) {
      report(true, name, 'is gone');
      continue;
    }
    known.add(match);
    const contract = jsonContent(response, resolveContract);
    const document = jsonContent(theirs[match], resolveDocument);
    if (document === undefined) report(true, name, 'is no longer application/json');
    else
      compareOutput({ ...pair, contract: contract?.['schema'], document: document['schema'], where: name });
  }
  for (const status of Object.keys(theirs)) {
    if (known.has(status)) continue;
    // The gateway understands no success but the contract's; any error has a place in its table.
    if (/^[123]/.test(status))
      report(true, `${where} ${status}`, 'is a new answer that the gateway cannot use');
    else if (/^[45]/.test(status)) report(false, `${where} ${status}`, 'is a new answer');
  }
}

function jsonContent(response: unknown, resolve: Resolve): Node | undefined {
  const content = resolve(resolve(response)?.['content']) ?? {};
  const type = Object.keys(content).find((name) => /^application\/json\s*(;|$)/i.test(name));
  return type === undefined ? undefined : resolve(content[type]);
}
