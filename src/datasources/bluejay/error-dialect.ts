import { isObject } from '../../shared/is-object.ts';
import type { ErrorDialect, NotFound } from '../upstream/error-dialect.ts';
import type { FieldError } from '../upstream/errors.ts';
import { tryParseJson } from '../upstream/json.ts';
import type { TransportResponse } from '../upstream/transport/messages.ts';

// Text of Bluejay's reaches the client, so its length is limited.
const maxTextLength = 200;
const maxFieldErrors = 20;
const maxPathLength = 10;

/** Reads FastAPI's error bodies: `{"detail": …}`, in a 422 a list of problems of the input. */
export const fastApi: ErrorDialect = {
  statuses: [422],
  /** Pydantic's `input`, `ctx` and `url` are dropped: they can echo a secret. */
  readRefusal({ body }, { argumentNames, secret }) {
    const json = tryParseJson(body);
    if (!isObject(json)) {
      return { kind: 'invalid_response', reason: json === undefined ? 'not_json' : 'wrong_shape' };
    }
    const isText = (value: unknown): value is string => typeof value === 'string' && !value.includes(secret);
    const detail = Array.isArray(json['detail']) ? json['detail'].filter(isObject) : [];
    // A header, not an argument, was refused: the key.
    if (detail.some(({ loc }) => Array.isArray(loc) && /^header$/i.test(String(loc[0])))) {
      return { kind: 'unauthenticated', reason: 'refused_key' };
    }
    const fieldErrors = detail.slice(0, maxFieldErrors).map(({ loc, msg, type }): FieldError => ({
      path: decodeLocation(loc, argumentNames, isText),
      message: isText(msg) ? cut(msg) : 'Invalid value',
      type: isText(type) ? cut(type) : 'value_error',
    }));
    return { kind: 'invalid_input', fieldErrors };
  },
  readNotFound,
};

/** Matches a detail that does not name the missing thing; frameworks differ in the case and the full stop. */
const unspecific = /^\s*not found\.?\s*$/i;

/** FastAPI's default detail is `Not Found`, for an unknown path as well. */
function readNotFound({ headers, body }: TransportResponse): NotFound {
  const contentType = headers['content-type'] ?? 'application/json';
  // Not application/problem+json, see `isProblem`.
  if (!/^application\/json\s*(;|$)/i.test(contentType)) return 'foreign';
  const json = tryParseJson(body);
  if (!isObject(json) || (json['detail'] ?? null) === null || isProblem(json)) return 'foreign';
  const { detail } = json;
  return typeof detail === 'string' && unspecific.test(detail) ? 'unclear' : 'absent';
}

/** Whether a body is a problem of RFC 9457, which has a `detail` as well. Some gateways send it as plain JSON. */
function isProblem(json: Readonly<Record<string, unknown>>): boolean {
  return typeof json['title'] === 'string';
}

function decodeLocation(
  location: unknown,
  argumentNames: Readonly<Record<string, string>>,
  isText: (part: unknown) => part is string,
): readonly (string | number)[] {
  if (!Array.isArray(location)) return [];
  // The first entry is the place (path, query or body); the argument's name follows.
  return location
    .slice(1, 1 + maxPathLength)
    .filter((part) => isText(part) || typeof part === 'number')
    .map((part) => (typeof part === 'string' ? nameOf(part, argumentNames) : part));
}

function nameOf(parameter: string, argumentNames: Readonly<Record<string, string>>): string {
  // A parameter may have the name of an inherited property, such as `toString`.
  return Object.hasOwn(argumentNames, parameter) ? (argumentNames[parameter] ?? parameter) : cut(parameter);
}

function cut(text: string): string {
  return text.slice(0, maxTextLength);
}
