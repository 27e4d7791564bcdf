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

/** One operation of a service, as data: everything that the engine knows of it. */
export interface Endpoint<Operation extends string, Input, Value> {
  /** The name that errors, logs, metrics and traces give it, such as `getOrder`. */
  readonly operation: Operation;
  readonly method: Method;
  /** A template such as `/orders/{order_id}`: each parameter is one segment. */
  readonly path: string;
  /** Whether it may be sent again after it may have arrived (RFC 9110, section 9.2.2). */
  readonly idempotent: boolean;
  /** Decodes the JSON of a good answer. Also what was kept, as `cache.encode` has written it. */
  readonly decode: (json: unknown, input: Input) => Decoded<Value>;
  /** What the service's own 404 stands for. Without it a 404 is an error. */
  readonly absent?: { readonly value: Value };
  /**
   * Input that the service refuses before it looks for anything. Asked for where a 404 may mean an unknown path.
   * Without it such a 404 is taken for `absent`.
   */
  readonly malformed?: Input;
  /** Inputs as they are sent. The published description of the service is checked against them (`npm run check:contract`). */
  readonly examples?: readonly Input[];
  /** Absent where nothing is kept. Only of a GET. */
  readonly cache?: {
    /** The value as JSON that `decode` reads again; called for no absent value. */
    readonly encode: (value: Value) => object;
  };
  /** The caller's argument names by the service's parameter names, for `fieldErrors`. @default the same names */
  readonly argumentNames?: Readonly<Record<string, string>>;
  /** The largest answer that is read, in bytes. @default 1048576 */
  readonly maxResponseBytes?: number;
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

/** Carries the type of a body and nothing else. */
export interface BodyType<Body> {
  readonly body?: Body;
}

export function bodyOf<Body>(): BodyType<Body> {
  return {};
}

/** Any endpoint, for code that does not care of what. */
// oxlint-disable-next-line typescript/no-explicit-any -- an endpoint takes its own input and no other
export type AnyEndpoint = Endpoint<string, any, any>;

type ValueOf = string | number;

/**
 * Fills a path template. Each value becomes one segment: what would leave it, such as `..` or a slash, is encoded.
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
