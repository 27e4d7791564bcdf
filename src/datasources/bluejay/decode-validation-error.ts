import type { FieldError } from '../upstream/errors.ts';
import { isObject } from '../../shared/is-object.ts';
import { parseJson } from '../upstream/json.ts';
import type { Decoded } from '../upstream/json.ts';

// This is Bluejay's text, and it reaches the client: all of it is bounded.
const maxTextLength = 200;
const maxFieldErrors = 20;
const maxPathLength = 10;

/**
 * What a 422 says, from FastAPI's `{"detail": [{"loc", "msg", "type"}]}`. Pydantic's `input`, `ctx` and
 * `url` are dropped: they can echo a secret. `header` tells that a header, not an argument, was at fault.
 *
 * @param argumentNames the gateway's argument names by Bluejay's parameter names
 * @param secret what no text may hold: the API key that was sent
 */
export function decodeValidationError(
  body: string,
  argumentNames: ReadonlyMap<string, string>,
  secret: string,
): Decoded<{ readonly header: boolean; readonly fieldErrors: readonly FieldError[] }> {
  const json = parseJson(body);
  if (!isObject(json)) return { ok: false, reason: json === undefined ? 'not_json' : 'wrong_shape' };
  const isText = (value: unknown): value is string => typeof value === 'string' && !value.includes(secret);
  const detail = Array.isArray(json['detail']) ? json['detail'].filter(isObject) : [];
  return {
    ok: true,
    value: {
      header: detail.some(({ loc }) => Array.isArray(loc) && /^header$/i.test(String(loc[0]))),
      fieldErrors: detail.slice(0, maxFieldErrors).map(({ loc, msg, type }) => ({
        path: decodeLocation(loc, argumentNames, isText),
        message: isText(msg) ? cut(msg) : 'Invalid value',
        type: isText(type) ? cut(type) : 'value_error',
      })),
    },
  };
}

function decodeLocation(
  location: unknown,
  argumentNames: ReadonlyMap<string, string>,
  isText: (part: unknown) => part is string,
): readonly (string | number)[] {
  if (!Array.isArray(location)) return [];
  // The first entry says where (path, query, body); the argument's name follows.
  return location
    .slice(1, 1 + maxPathLength)
    .filter((part) => isText(part) || typeof part === 'number')
    .map((part) => (typeof part === 'string' ? (argumentNames.get(part) ?? cut(part)) : part));
}

function cut(text: string): string {
  return text.slice(0, maxTextLength);
}
