import type { AnyEndpoint } from '../src/datasources/upstream/endpoint.ts';
import type { ErrorDialect } from '../src/datasources/upstream/error-dialect.ts';
import type { Decoded } from '../src/datasources/upstream/json.ts';
import { successStatuses } from '../src/datasources/upstream/success.ts';
import { checkAnswer } from './check-answer.ts';
import { checkRequest, namesIn, schemaOfJson } from './check-request.ts';
import type { Call } from './check-request.ts';
import type { Document, Node } from './document.ts';
import { Uncheckable } from './report.ts';
import type { Report } from './report.ts';
import { apply, changesOf, sampleId, samplesOf } from './samples.ts';

/** A service as its data source declares it. */
export interface Service {
  readonly endpoints: readonly AnyEndpoint[];
  readonly errorDialect: ErrorDialect;
  readonly credential: { readonly header: string };
}

/**
 * Checks whether the endpoints of a service would work with an API that is as the document describes it: whether it
 * takes what they send, and whether their decoders understand what it answers.
 *
 * @throws {Uncheckable} when the document has no paths
 */
export function checkEndpoints(service: Service, document: Document, report: Report): void {
  if (document.resolve(document.root['paths']) === undefined)
    throw new Uncheckable('The document has no paths.');
  for (const endpoint of service.endpoints) {
    const where = `${endpoint.method} ${endpoint.path}`;
    /** Checks a part; one that cannot be checked hides no other. */
    const check = (part: string, run: (reportPart: Report) => void) => {
      try {
        run((kind, place, what) => report(kind, where + part + place, what));
      } catch (error) {
        // A schema that consists of itself has no end.
        if (!(error instanceof Uncheckable || error instanceof RangeError)) throw error;
        report('warning', where + part, error.message);
      }
    };
    check('', (reportCall) => {
      const call = findCall(endpoint, document);
      if (call === undefined) {
        reportCall('breaking', '', 'is gone');
        return;
      }
      if (call.operation['deprecated'] === true) reportCall('harmless', '', 'is deprecated');
      check('', (reportPart) =>
        checkRequest(endpoint, call, document, service.credential.header, reportPart),
      );
      const responses = document.resolve(call.operation['responses']) ?? {};
      for (const status of [200, ...service.errorDialect.statuses]) {
        check(` ${status}`, (reportPart) => {
          const response = responses[status] ?? responses[`${String(status)[0]}XX`] ?? responses['default'];
          const schema = schemaOfJson(document.resolve(response), document.resolve);
          if (schema === undefined) reportPart('breaking', '', 'is gone, or is not application/json');
          else if (status === 200) checkSuccess(endpoint, schema, document, reportPart);
          else checkRefusal(service.errorDialect, status, samplesOf(schema, document), reportPart);
        });
      }
      for (const status of Object.keys(responses).filter((name) => /^[123]\d\d$/.test(name))) {
        if (!successStatuses.includes(Number(status)))
          reportCall('breaking', ` ${status}`, 'is a new answer that the gateway cannot use');
      }
    });
  }
}

function form(template: string): string {
  return template.replaceAll(/\{[^}]*\}/g, '{}');
}

/** A parameter's other name does not move a path. Some documents have a path under several, each with other methods. */
function findCall({ path, method }: AnyEndpoint, { root, resolve }: Document): Call | undefined {
  for (const [template, node] of Object.entries(resolve(root['paths']) ?? {})) {
    const item = form(template) === form(path) ? resolve(node) : undefined;
    const operation = resolve(item?.[method.toLowerCase()]);
    if (item !== undefined && operation !== undefined) return { path: template, item, operation };
  }
  return undefined;
}

function checkSuccess(endpoint: AnyEndpoint, schema: unknown, document: Document, report: Report): void {
  const ids = namesIn(endpoint.path).map((name) => [name, sampleId]);
  const input: Node = endpoint.examples?.[0] ?? Object.fromEntries(ids);
  const samples = samplesOf(schema, document);
  const decode = (json: unknown): Decoded<unknown> => {
    try {
      return endpoint.decode(json, input);
    } catch {
      return { ok: false, reason: 'wrong_shape' };
    }
  };
  const asked = Object.values(input).filter((value) => typeof value !== 'object');
  checkAnswer({ samples, allows: document.compile(schema), decode, asked }, report);
}

/** Without the argument in it, a refusal does not tell the client which of its inputs is wrong. */
function checkRefusal(
  dialect: ErrorDialect,
  status: number,
  samples: readonly unknown[],
  report: Report,
): void {
  const bodies = samples.flatMap((body) => [
    body,
    ...changesOf(body, []).map((change) => apply(body, change)),
  ]);
  const namesArgument = (body: unknown) => {
    const response = { status, headers: {}, body: JSON.stringify(body) };
    const failure = dialect.readRefusal(response, { argumentNames: {}, secret: '\0' });
    return failure.kind === 'invalid_input' && failure.fieldErrors.some(({ path }) => path.length > 0);
  };
  if (!bodies.some(namesArgument)) report('breaking', '', 'no longer says which argument is wrong');
}
