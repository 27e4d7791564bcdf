import { isObject } from '../src/shared/is-object.ts';
import { compareInput, compareOutput } from './compare-schemas.ts';
import type { Difference, Report } from './difference.ts';
import { compareCredentials } from './compare-credentials.ts';
import { parameterKey, parametersOf } from './parameters.ts';
import { createResolve } from './resolve-reference.ts';
import type { Resolve } from './resolve-reference.ts';
import { checkPart, Uncheckable, UncheckablePart } from './uncheckable.ts';

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
 * @throws {Uncheckable} when the document is not all there
 */
export function compareContract(contract: Node, document: Node): readonly Difference[] {
  const differences: Difference[] = [];
  const report: Report = (kind, where, what) => void differences.push({ kind, where, what });
  const resolveContract = createResolve(contract);
  const resolveDocument = createResolve(document);
  const documentPaths = resolveDocument(document['paths']);
  if (documentPaths === undefined) throw new Uncheckable('The document has no paths.');

  for (const [path, item] of Object.entries(resolveContract(contract['paths']) ?? {})) {
    for (const [method, operation] of Object.entries(resolveContract(item) ?? {})) {
      const where = `${method.toUpperCase()} ${path}`;
      checkPart(report, where, () => {
        if (!isObject(operation)) return;
        const has = (candidate: string) => resolveDocument(documentPaths[candidate])?.[method] !== undefined;
        const documentPath = pathsOfForm(documentPaths, path).find(has);
        const documentItem = resolveDocument(documentPath && documentPaths[documentPath]);
        const documentOperation = resolveDocument(documentItem?.[method]);
        if (documentPath === undefined || documentItem === undefined || documentOperation === undefined) {
          report('breaking', where, 'is gone');
          return;
        }
        const pair = { contract: operation, document: documentOperation, resolveContract, resolveDocument };
        checkPart(report, where, () =>
          compareRequest({ ...pair, where, report }, { path: documentPath, item: documentItem, document }),
        );
        compareResponses({ ...pair, where, report });
      });
    }
  }
  return differences;
}

/**
 * The paths of the same form, that of the same name first: a parameter's other name is a difference of the parameter.
 * Some documents have several, each with other methods, although they name the same place.
 */
function pathsOfForm(paths: Node, path: string): readonly string[] {
  const others = Object.keys(paths).filter((other) => other !== path && form(other) === form(path));
  return Object.hasOwn(paths, path) ? [path, ...others] : others;
}

function form(template: string): string {
  return template.replaceAll(/\{[^}]*\}/g, '{}');
}

/** Where the document has a call. */
interface Place {
  readonly path: string;
  readonly item: Node;
  readonly document: Node;
}

function compareRequest(pair: Pair, { path, item, document }: Place): void {
  const { where, report, resolveDocument } = pair;
  if (pair.document['deprecated'] === true) report('harmless', where, 'is deprecated');
  checkPart(report, where, () => {
    if (resolveDocument(pair.document['requestBody'])?.['required'] === true) {
      report('breaking', where, 'must be sent with a body');
    }
  });
  const ours = parametersOf([pair.contract['parameters']], pair.resolveContract, where, report).byKey;
  const lists = [item['parameters'], pair.document['parameters']];
  const { byKey: theirs, areComplete } = parametersOf(lists, resolveDocument, where, report);
  const accepted = compareCredentials({
    security: pair.document['security'] ?? document['security'],
    schemes: resolveDocument(resolveDocument(document['components'])?.['securitySchemes']),
    resolve: resolveDocument,
    headers: [...ours.values()].filter((parameter) => parameter.in === 'header').map(({ name }) => name),
    where,
    report,
  });
  const inPath = new Set(
    [...path.matchAll(/\{([^}]*)\}/g)].map(([, name = '']) => parameterKey('path', name)),
  );
  for (const key of inPath) {
    if (areComplete && !theirs.has(key)) report('uncheckable', `${where} ${key}`, 'is declared nowhere');
  }

  for (const [key, our] of ours) {
    const their = theirs.get(key);
    const name = `${where} ${our.in} ${our.name}`;
    // Declared in a way that could not be read, so perhaps not gone.
    const isOpen = !areComplete || inPath.has(key) || (our.in === 'header' && !accepted.areComplete);
    if (their !== undefined) {
      compareInput({ ...pair, contract: our.schema, document: their.schema, where: name });
      if (our.in === 'header' && their.isRequired && accepted.areNone) {
        report('uncheckable', name, 'is required, although `security` asks for no credentials');
      }
    } else if (!accepted.keys.has(key) && !isOpen) {
      report('breaking', name, 'is gone');
    }
  }
  for (const [key, their] of theirs) {
    const name = `${where} ${their.in} ${their.name}`;
    if (their.in === 'path' && !inPath.has(key)) report('uncheckable', name, `is not in the path ${path}`);
    else if (!ours.has(key) && their.isRequired) report('breaking', name, 'is a new required parameter');
    else if (!ours.has(key)) report('harmless', name, 'is a new parameter');
  }
}

function compareResponses(pair: Pair): void {
  const { where, report, resolveContract, resolveDocument } = pair;
  const ours = resolveContract(pair.contract['responses']) ?? {};
  const theirs = resolveDocument(pair.document['responses']);
  if (theirs === undefined) throw new UncheckablePart('declares no responses');
  const known = new Set<string>();
  for (const [status, response] of Object.entries(ours)) {
    const name = `${where} ${status}`;
    const match = [status, `${status[0]}XX`, `${status[0]}xx`, 'default'].find(
      (key) => theirs[key] !== undefined,
    );
    if (match === undefined) {
      report('breaking', name, 'is gone');
      continue;
    }
    known.add(match);
    checkPart(report, name, () => {
      const contract = jsonContent(response, resolveContract)?.['schema'];
      const document = jsonContent(theirs[match], resolveDocument);
      if (document === undefined) report('breaking', name, 'is no longer application/json');
      else compareOutput({ ...pair, contract, document: document['schema'], where: name });
    });
  }
  for (const status of Object.keys(theirs)) {
    if (known.has(status)) continue;
    // The gateway understands no success but the contract's; any error has a place in its table.
    if (/^[123]/.test(status))
      report('breaking', `${where} ${status}`, 'is a new answer that the gateway cannot use');
    else if (/^[45]/.test(status)) report('harmless', `${where} ${status}`, 'is a new answer');
  }
}

function jsonContent(response: unknown, resolve: Resolve): Node | undefined {
  const resolved = resolve(response);
  if (resolved === undefined) throw new UncheckablePart('is declared, but as nothing');
  const content = resolve(resolved['content']) ?? {};
  const type = Object.keys(content).find((name) => /^application\/json\s*(;|$)/i.test(name));
  return type === undefined ? undefined : resolve(content[type]);
}
