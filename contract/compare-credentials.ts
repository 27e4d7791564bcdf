import { isObject } from '../src/shared/is-object.ts';
import type { Report } from './difference.ts';
import { parameterKey } from './parameters.ts';
import type { Resolve } from './resolve-reference.ts';
import { checkPart } from './uncheckable.ts';

interface Credentials {
  /** The security requirements that hold for the call: any one of them is enough. */
  readonly security: unknown;
  readonly schemes: Readonly<Record<string, unknown>> | undefined;
  readonly resolve: Resolve;
  /** The headers that the gateway sends. */
  readonly headers: readonly string[];
  readonly where: string;
  readonly report: Report;
}

interface Accepted {
  /** The keys of the header parameters that the security schemes take. */
  readonly keys: ReadonlySet<string>;
  /** Whether all schemes are known: one that is not may take any header. */
  readonly areComplete: boolean;
  /** Whether the document says that the call needs no credentials. */
  readonly areNone: boolean;
}

const otherTypes = new Set(['http', 'mutualTLS', 'oauth2', 'openIdConnect']);

/**
 * An API key in a header is a parameter in some documents and a security scheme in others: FastAPI writes
 * either. Reports credentials that the gateway does not send, and those that the document does not declare.
 */
export function compareCredentials(credentials: Credentials): Accepted {
  const { security, schemes, resolve, headers, where, report } = credentials;
  const sent = new Set(headers.map((name) => parameterKey('header', name)));
  const requirements = Array.isArray(security) ? security.filter(isObject).map(Object.keys) : [];
  const headerOf = new Map<string, string | undefined>();
  for (const name of new Set(requirements.flat())) {
    checkPart(report, where, () => headerOf.set(name, readHeader(resolve(schemes?.[name]))));
  }
  const keysOf = (names: readonly string[]) => names.map((name) => headerOf.get(name));
  const possible = requirements.filter((names) =>
    keysOf(names).every((key) => key === undefined || sent.has(key)),
  );
  const met = possible.filter((names) => !keysOf(names).includes(undefined));
  const unknown = met.length > 0 ? [] : possible.flat().filter((name) => headerOf.get(name) === undefined);
  if (unknown.length > 0) {
    const names = [...new Set(unknown)].join(' and ');
    report('uncheckable', where, `asks for ${names}, but no security scheme says what that is`);
  } else if (requirements.length > 0 && met.length === 0) {
    const wanted = requirements.map((names) => names.join(' with ')).join(' or ');
    report('breaking', where, `asks for credentials that the gateway does not send: ${wanted}`);
  }
  return {
    keys: new Set(possible.flatMap(keysOf).filter((key) => key !== undefined)),
    areComplete: unknown.length === 0,
    areNone: security !== undefined && requirements.every((names) => names.length === 0),
  };
}

/**
 * The key of the header that a scheme takes, empty where it takes something else; undefined where the document
 * does not say what it takes.
 */
function readHeader({ type, in: place, name }: Readonly<Record<string, unknown>> = {}): string | undefined {
  if (typeof type === 'string' && otherTypes.has(type)) return '';
  if (type !== 'apiKey' || typeof name !== 'string') return undefined;
  if (place === 'query' || place === 'cookie') return '';
  return place === 'header' ? parameterKey(place, name) : undefined;
}
