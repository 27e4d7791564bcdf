import { isObject } from '../src/shared/is-object.ts';
import type { AnyEndpoint } from '../src/datasources/upstream/endpoint.ts';
import type { Document, Node } from './document.ts';
import type { Report } from './report.ts';
import { show } from './samples.ts';

/** A call as the document describes it. */
export interface Call {
  readonly path: string;
  readonly item: Node;
  readonly operation: Node;
}

/** Checks what an endpoint sends, its `examples`, and what else the document asks for. */
export function checkRequest(
  endpoint: AnyEndpoint,
  call: Call,
  document: Document,
  credentialHeader: string,
  report: Report,
): void {
  const { resolve } = document;
  const parameters = [call.item['parameters'], call.operation['parameters']].flatMap(listOf).map(resolve);
  // Header names have no case.
  const declared = new Map(
    parameters.map((one) => [`${String(one?.['in'])} ${String(one?.['name'])}`.toLowerCase(), one]),
  );
  const key = `header ${credentialHeader}`;

  checkPath(endpoint, call, declared, document, report);
  for (const [name, parameter] of declared) {
    // OpenAPI gives those two no meaning as parameters.
    if (/^path |^header (accept|content-type)$/.test(name) || name === key) continue;
    const isRequired = parameter?.['required'] === true;
    const what = `is a new ${isRequired ? 'required ' : ''}parameter`;
    report(isRequired ? 'breaking' : 'harmless', ` ${name}`, what);
  }
  checkBody(endpoint, resolve(call.operation['requestBody']), document, report);
  checkCredentials(call.operation, declared.has(key), credentialHeader, document, report);
}

function checkPath(
  { path, malformed, examples = [] }: AnyEndpoint,
  call: Call,
  declared: ReadonlyMap<string, Node | undefined>,
  { compile }: Document,
  report: Report,
): void {
  const published = namesIn(call.path);
  for (const [index, name] of namesIn(path).entries()) {
    const at = ` path ${name}`;
    const theirs = published[index] ?? name;
    const schema = declared.get(`path ${theirs}`.toLowerCase())?.['schema'];
    if (theirs !== name) report('breaking', at, `is called ${theirs}, so an error of it names no argument`);
    if (schema === undefined) report('warning', at, 'is declared nowhere');
    const allows = compile(schema ?? true);
    // Every value is text in a path.
    const takes = (value: unknown) => allows(value) || allows(String(value));
    for (const { [name]: sent } of examples as readonly Node[]) {
      if (!takes(sent)) report('breaking', at, `takes ${show(schema)}, and ${show(sent)} is sent`);
    }
    // Asked with it, the service would say "not found", and so that the path is missing.
    const wrong: unknown = malformed?.[name];
    if (schema !== undefined && wrong !== undefined && takes(wrong)) {
      report('breaking', at, `takes ${show(schema)}, so ${show(wrong)} is not malformed`);
    }
  }
}

function checkBody(
  { path, method, examples = [] }: AnyEndpoint,
  requestBody: Node | undefined,
  { resolve, compile }: Document,
  report: Report,
): void {
  const bodies = (examples as readonly Node[]).flatMap(({ body }) => (body === undefined ? [] : [body]));
  const isRequired = requestBody?.['required'] === true;
  if (examples.length === 0 && (path.includes('{') || isRequired || method !== 'GET')) {
    report('warning', '', 'has no `examples`, so what is sent is not checked');
  } else if (isRequired && bodies.length < examples.length) {
    report('breaking', ' body', 'must be sent, and none is');
  }
  const schema = bodies.length === 0 ? true : schemaOfJson(requestBody, resolve);
  // An undeclared field would be passed over in silence.
  const strict = { allOf: [schema], unevaluatedProperties: false };
  const allows = schema === undefined ? () => false : compile(strict);
  for (const body of bodies) {
    if (!allows(body)) report('breaking', ' body', `is not taken: ${show(body)}`);
  }
}

/** The key is a header parameter in some documents and a security scheme in others: FastAPI writes either. */
function checkCredentials(
  operation: Node,
  isParameter: boolean,
  header: string,
  { root, resolve }: Document,
  report: Report,
): void {
  const security = listOf(operation['security'] ?? root['security']).filter(isObject);
  const schemes = resolve(resolve(root['components'])?.['securitySchemes']) ?? {};
  const kindOf = (name: string) => credentialIn(resolve(schemes[name]), header);
  // Any one of them is enough.
  const wanted = security.map((all) => Object.keys(all).map(kindOf));
  const names = security.map((all) => Object.keys(all).join(' with ')).join(' or ');
  if (wanted.length === 0 || wanted.some((all) => all.every((kind) => kind === 'key'))) {
    if (isParameter || wanted.flat().includes('key')) return;
    report('breaking', ` header ${header}`, 'is gone, and the gateway sends its key there');
  } else if (wanted.some((all) => !all.includes('other'))) {
    report('warning', '', `asks for ${names}, but no security scheme says what that is`);
  } else {
    report('breaking', '', `asks for credentials that the gateway does not send: ${names}`);
  }
}

/** Whether a security scheme takes the key in its header; `unknown` where the document does not declare it. */
function credentialIn(scheme: Node | undefined, header: string): 'key' | 'other' | 'unknown' {
  if (scheme === undefined) return 'unknown';
  const isHeader = scheme['type'] === 'apiKey' && scheme['in'] === 'header';
  return isHeader && String(scheme['name']).toLowerCase() === header ? 'key' : 'other';
}

/** The schema of a body's or a response's JSON; undefined where it has none. */
export function schemaOfJson(node: Node | undefined, resolve: Document['resolve']): unknown {
  const content = Object.entries(resolve(node?.['content']) ?? {});
  const json = content.find(([type]) => /^application\/json\s*(;|$)/i.test(type));
  return json === undefined ? undefined : (resolve(json[1])?.['schema'] ?? true);
}

/** The parameters of a path's template. */
export function namesIn(template: string): readonly string[] {
  return [...template.matchAll(/\{([^}]*)\}/g)].map(([, name = '']) => name);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
