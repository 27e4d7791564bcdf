import { isObject } from '../../shared/is-object.ts';
import { parseJson } from '../upstream/json.ts';
import type { TransportResponse } from '../upstream/transport/transport.ts';

/**
 * What a 404 says. `absent`: the service has nothing of that id that the key may see. `unclear`: that, or it does not
 * know the path. `foreign`: something else answered, such as an ingress without a backend.
 */
export type NotFound = 'absent' | 'unclear' | 'foreign';

/** Words that say nothing of what is missing; frameworks differ in the case and the full stop. */
const wordless = /^\s*not found\.?\s*$/i;

/** FastAPI's answer is `{"detail": …}` in JSON; without words of its own it says `Not Found`, of a path as well. */
export function readNotFound({ headers, body }: Pick<TransportResponse, 'headers' | 'body'>): NotFound {
  const contentType = headers['content-type'] ?? 'application/json';
  // Not application/problem+json, see `isProblem`.
  if (!/^application\/json\s*(;|$)/i.test(contentType)) return 'foreign';
  const json = parseJson(body);
  if (!isObject(json) || (json['detail'] ?? null) === null || isProblem(json)) return 'foreign';
  const { detail } = json;
  return typeof detail === 'string' && wordless.test(detail) ? 'unclear' : 'absent';
}

/** A problem of RFC 9457 has a `detail` as well and is others'; some send it as plain JSON to who accepts nothing else. */
function isProblem(json: Readonly<Record<string, unknown>>): boolean {
  return typeof json['title'] === 'string';
}
