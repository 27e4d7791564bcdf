import { invalidInput } from './errors.ts';
import type { Decoded } from './json.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The parameters of a path template, by the names in its braces. The engine encodes their values. */
type PathParameters<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Readonly<Record<Name, string | number>> & PathParameters<Rest>
  : unknown;

/** What a call takes: the parameters of its path, and a body where it has one. */
type InputOf<Path extends string, Body> = PathParameters<Path> &
  ([Body] extends [never] ? unknown : { readonly body: Body });

/** Declares one operation of a service. */
export interface Endpoint<Operation extends string, Input, Value> {
  /** The name that errors, logs, metrics and traces give it, such as `getOrder`. */
  readonly operation: Operation;
  readonly method: Method;
  /** A template such as `/orders/{order_id}`: each parameter is one segment. */
  readonly path: string;
  /** Whether it may be sent again after it may have arrived (RFC 9110, section 9.2.2). */
  readonly idempotent: boolean;
  /** Decodes the JSON of a successful answer, and the JSON that `cache.encode` wrote. */
  readonly decode: (json: unknown, input: Input) => Decoded<Value>;
  /** The value of a 404 that is the service's own. @default none: a 404 is an error */
  readonly absent?: { readonly value: Value };
  /**
   * Input that the service refuses as malformed. Sent where a 404 may mean an unknown path. @default none: such a 404 is
   * `absent`
   */
  readonly malformed?: Input;
  /** Inputs as they are sent. The published description of the service is checked against them (`npm run check:contract`). */
  readonly examples?: readonly Input[];
  /** Caches the values of a GET. @default none: nothing is cached */
  readonly cache?: {
    /** Encodes a value as JSON that `decode` reads. Never called for the absent value. */
    readonly encode: (value: Value) => object;
  };
  /**
   * The reads that a call makes out of date, under whichever API key their answers were kept. Only of a write.
   *
   * @param value what the call answered; undefined while there is no answer
   */
  readonly invalidates?: (input: Input, value: Value | undefined) => readonly Invalidation[];
  /** The id of what a write is about, for the log. `value` as in `invalidates`. */
  readonly subject?: (input: Input, value: Value | undefined) => string | undefined;
  /** The caller's argument names by the service's parameter names, for `fieldErrors`. @default the same names */
  readonly argumentNames?: Readonly<Record<string, string>>;
  /** The largest answer that is read, in bytes. @default 1048576 */
  readonly maxResponseBytes?: number;
}

/** A read that a write makes out of date. */
export interface Invalidation {
  /** Of a GET of the same service. */
  readonly operation: string;
  /** The parameters of its path. Without them all reads of the operation are meant, which must not have a `cache`. */
  readonly input?: object;
}

/**
 * Declares an endpoint: its parameters are typed by its path, its body by the type argument of `bodyOf`.
 *
 * @example
 * const getOrder = defineEndpoint({
 *   operation: 'getOrder',
 *   method: 'GET',
 *   path: '/orders/{order_id}',
 *   idempotent: true,
 *   decode: (json) => decodeOrder(json),
 *   absent: { value: null },
 * });
 */
export function defineEndpoint<
  const Operation extends string,
  const Path extends string,
  Value,
  Body = never,
>(
  endpoint: Endpoint<Operation, InputOf<Path, Body>, Value> & {
    readonly path: Path;
    /** Types the body that calls bring: `bodyOf<NewOrder>()`. */
    readonly body?: BodyType<Body>;
  },
): Endpoint<Operation, InputOf<Path, Body>, Value> {
  return endpoint;
}

/** Carries the type of a body; has no value at run time. */
export interface BodyType<Body> {
  readonly body?: Body;
}

/**
 * Types the body of an endpoint.
 *
 * @example
 * defineEndpoint({ ...write, body: bodyOf<{ readonly title: string }>() });
 */
export function bodyOf<Body>(): BodyType<Body> {
  return {};
}

/** An endpoint with any input and value. */
// oxlint-disable-next-line typescript/no-explicit-any -- an endpoint takes its own input and no other
export type AnyEndpoint = Endpoint<string, any, any>;

type ValueOf = string | number;

/** What tells one input of an endpoint from another: its operation and the parameters of its path. */
export function createResourceName(operation: string, path: string): (input: object) => string {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const [only] = names;
  // A parameter is a value of one segment, and its text may hold anything but the separator of several.
  if (only !== undefined && names.length === 1) {
    return (input) => `${operation}:${(input as Record<string, string>)[only]}`;
  }
  return (input) =>
    [
      operation,
      ...names.map((name) => encodeURIComponent((input as Record<string, string>)[name] ?? '')),
    ].join(':');
}

/**
 * Creates a function that fills a path template. Each value becomes one segment: what would leave it, such as `..` or a slash, is encoded.
 *
 * @param argumentNames the caller's argument names by the parameters' names
 * @throws {UpstreamError} `invalid_input` for a value that no segment can hold: an empty one, `.` or `..`
 */
export function createPath(
  template: string,
  argumentNames: Readonly<Record<string, string>> = {},
): (input: object) => string {
  const [first = '', ...rest] = template.split('{');
  const parts = rest.map((part) => part.split('}') as [name: string, literal: string]);
  return (input) => {
    let path = first;
    for (const [name, literal] of parts) {
      const segment = encodeSegment((input as Record<string, ValueOf>)[name]);
      if (segment === undefined) {
        const argument = argumentNames[name] ?? name;
        throw invalidInput(argument, 'Expected a value that is not empty, "." or ".."', 'path_segment');
      }
      path += segment + literal;
    }
    return path;
  };
}

function encodeSegment(value: ValueOf | undefined): string | undefined {
  const text = String(value ?? '');
  // A dot segment cannot be encoded: URL parsers read `%2e` as a dot, too.
  if (text === '' || text === '.' || text === '..') return undefined;
  // Most ids are safe as they are.
  return /^[\w-]+$/.test(text) ? text : encodeURIComponent(text);
}
