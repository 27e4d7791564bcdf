import { isObject } from '../../is-object.ts';
import { parseJson } from './json.ts';
import type { TransportResponse } from './transport.ts';

/**
 * What a 404 says. `absent`: the service has nothing of that id that the key may see. `unclear`: that, or it does not
 * know the path. `foreign`: something else answered, such as an ingress without a backend.
 */
export type NotFound = 'absent' | 'unclear' | 'foreign';

/** FastAPI's answer is `{"detail": …}` in JSON; without words of its own it says `Not Found`, of a path as well. */
export function readNotFound({ headers, body }: Pick<TransportResponse, 'headers' | 'body'>): NotFound {
  const contentType = headers['content-type'] ?? 'application/json';
  // Not application/problem+json, which has a `detail` as well and is others' (RFC 9457).
  if (!/^application\/json\s*(;|$)/i.test(contentType)) return 'foreign';
  const json = parseJson(body);
  if (!isObject(json) || (json['detail'] ?? null) === null) return 'foreign';
  return json['detail'] === 'Not Found' ? 'unclear' : 'absent';
}
