import { request } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import type { Target } from './production.ts';

/** One thing that a stranger or a tenant may try. The test and `npm run audit:security` read the same list. */
export interface Attack {
  /** What it is called where it is known. */
  readonly name: string;
  /** What the gateway does about it, in a few words. */
  readonly expected: string;
  /** Environment variables beside those of production. */
  readonly settings?: Readonly<Record<string, string>>;
  attempt(target: Target): Promise<Outcome>;
}

interface Outcome {
  readonly held: boolean;
  /** What came back, in a few words. */
  readonly seen: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** `extensions.code` of the first error. */
  readonly code: string | undefined;
  readonly limit: string | undefined;
  readonly errors: readonly {
    readonly message: string;
    readonly extensions?: Readonly<Record<string, unknown>>;
  }[];
}

export interface RawRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** POSTs a body to /graphql: JSON unless it is a string. */
export function post(target: Target, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return send(target, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json',
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

/** Sends a request with these headers and no others, by default a GET of /graphql. */
export async function send({ url }: Target, init: RawRequest, path = '/graphql'): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = init;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    // fetch would set headers of its own, and some as it likes them.
    request(`${url}${path}`, { method, headers }, resolve).once('error', reject).end(body);
  });
  const text = await readText(response);
  const errors = errorsIn(text);
  const { code, limit } = errors[0]?.extensions ?? {};
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text,
    errors,
    code: code as string | undefined,
    limit: limit as string | undefined,
  };
}

function errorsIn(text: string): Answer['errors'] {
  try {
    return (JSON.parse(text) as { errors?: Answer['errors'] }).errors ?? [];
  } catch {
    return [];
  }
}

/** An answer in a few words. */
export function describe({ status, code, limit, errors, text }: Answer): string {
  const said = code === undefined ? text.slice(0, 40) : `${code}${limit === undefined ? '' : ` (${limit})`}`;
  return `${status} ${said}${errors.length > 1 ? `, ${errors.length} errors` : ''}`;
}

/** A document that breaks a limit. Held if that limit, and no other, refuses it before anything is read. */
export function breaksLimit(
  name: string,
  limit: string,
  query: string,
  variables?: Readonly<Record<string, unknown>>,
): Attack {
  return {
    name,
    expected: `400 QUERY_TOO_COMPLEX (${limit})`,
    async attempt(target) {
      const reads = target.upstreamReads();
      const answer = await post(target, { query, variables });
      const held =
        answer.status === 400 &&
        answer.code === 'QUERY_TOO_COMPLEX' &&
        answer.limit === limit &&
        target.upstreamReads() === reads;
      return { held, seen: describe(answer) };
    },
  };
}

/** Something that is refused with a status, with none of the given words in the answer. */
export function isRefused(
  name: string,
  status: number,
  attempt: (target: Target) => Promise<Answer>,
  options: {
    readonly code?: string;
    readonly without?: RegExp;
    readonly settings?: Record<string, string>;
  } = {},
): Attack {
  const { code = 'BAD_REQUEST', without = /did you mean|stack|node_modules/i, settings = {} } = options;
  return {
    name,
    expected: `${status} ${code}`,
    settings,
    async attempt(target) {
      const reads = target.upstreamReads();
      const answer = await attempt(target);
      const held =
        answer.status === status &&
        answer.code === code &&
        !without.test(answer.text) &&
        target.upstreamReads() === reads;
      return { held, seen: describe(answer) };
    },
  };
}
