import { isObject } from '../src/is-object.ts';
import type { Report } from './difference.ts';
import { parameterKey } from './parameters.ts';
import type { Resolve } from './resolve-reference.ts';

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

/**
 * An API key in a header is a parameter in some documents and a security scheme in others: FastAPI writes
 * either. Reports credentials that the gateway does not send.
 *
 * @returns the keys of the header parameters that the security schemes take
 */
export function compareCredentials(credentials: Credentials): ReadonlySet<string> {
  const { security, schemes, resolve, headers, where, report } = credentials;
  const sent = new Set(headers.map((name) => parameterKey('header', name)));
  const requirements = Array.isArray(security) ? security.filter(isObject).map(Object.keys) : [];
  const keyOf = (schemeName: string) => {
    const { type, in: place, name } = resolve(schemes?.[schemeName]) ?? {};
    return type === 'apiKey' && place === 'header' && typeof name === 'string'
      ? parameterKey(place, name)
      : '';
  };
  const met = requirements.filter((names) => names.every((name) => sent.has(keyOf(name))));
  if (requirements.length > 0 && met.length === 0) {
    const wanted = requirements.map((names) => names.join(' with ')).join(' or ');
    report(true, where, `asks for credentials that the gateway does not send: ${wanted}`);
  }
  return new Set(met.flatMap((names) => names.map(keyOf)));
}
