import * as v from 'valibot';
import { observabilityVariables, resolveObservability } from './config/observability.ts';
import type { ObservabilityConfig } from './config/observability.ts';
import { integer, integerVariable, onOff, oneOf } from './config/variable.ts';
import type { Variable } from './config/variable.ts';
import { apiKeyPattern } from './datasources/bluejay/api-key.ts';
import type { CacheConfig } from './datasources/bluejay/index.ts';

export type { LogConfig, LogLevel, MetricsConfig, TracingConfig } from './config/observability.ts';

/** What the gateway runs on, parsed and complete. Durations are in milliseconds. */
export interface Config extends ObservabilityConfig {
  readonly environment: 'development' | 'production' | 'test';
  readonly host: string;
  /** 0 lets the operating system choose a free port. */
  readonly port: number;
  /** How long the gateway goes on serving after it was told to stop, while balancers take note. */
  readonly drainDelayMs: number;
  /** Whether a browser that opens /graphql gets GraphiQL. */
  readonly graphiql: boolean;
  /** Whether the schema may be read: `__schema`, `__type`, and `_service`, which a router may always. */
  readonly introspection: boolean;
  readonly limits: OperationLimits;
  /** Absent where every document is executed, and none by its id. */
  readonly trustedDocuments: TrustedDocumentsConfig | undefined;
  /** The longest one GraphQL request may wait for Bluejay, queueing and retries included. */
  readonly requestTimeoutMs: number;
  /** The most representations that one request may have for `_entities`, and the most ids for `personas`. */
  readonly maxRepresentations: number;
  /** About how large the data of an answer may be. */
  readonly maxResponseBytes: number;
  /** Of the router: two during a rotation. With none everybody may send GraphQL requests. */
  readonly routerSecrets: readonly string[];
  readonly http: HttpConfig;
  readonly protection: ProtectionConfig;
  readonly cache: CacheConfig;
  readonly upstream: UpstreamConfig;
}

/** The most of each that a document may have; each is the name that an error's `limit` has. */
export interface OperationLimits {
  /** Lexical tokens; as many comments, and a hundred times as many characters. */
  readonly tokens: number;
  /** How deep fields are nested, and values. */
  readonly depth: number;
  /** All fields, each counted wherever a fragment brings it. */
  readonly fields: number;
  /** Fields of the operation type that are answered under different names. */
  readonly rootFields: number;
  /** Fields that stand beside one of the same response name. */
  readonly duplicates: number;
  readonly aliases: number;
  readonly directives: number;
  /** Inline fragments, and named ones wherever they are spread. */
  readonly fragments: number;
}

export interface TrustedDocumentsConfig {
  /** A JSON file: an object of ids and documents, an id being `sha256:` and the document's SHA-256 in hex. */
  readonly path: string;
  /** `only`: nothing but these documents is executed. `prefer`: others are too. */
  readonly mode: 'prefer' | 'only';
}

/** What one connection may take. */
export interface HttpConfig {
  /** More connections than these are closed at once. */
  readonly maxConnections: number;
  /** The longest that a request may take to arrive; its headers have 10 seconds of it. */
  readonly receiveTimeoutMs: number;
}

/** What GraphQL requests may take from each other. */
export interface ProtectionConfig {
  /** Exact origins whose pages may read answers. */
  readonly corsOrigins: readonly string[];
  /** How many proxies in front add to `X-Forwarded-For`. */
  readonly trustedProxies: number;
  /** Undefined: no limit. */
  readonly rateLimit: { readonly points: number; readonly windowSeconds: number } | undefined;
  readonly overload: {
    readonly maxConcurrentRequests: number;
    /** How long the event loop may take up requests without a pause; 0 does not look. */
    readonly maxEventLoopDelayMs: number;
  };
}

/** Either Bluejay over HTTP, or the sandbox that the gateway starts for itself. */
export type UpstreamConfig =
  | { readonly kind: 'sandbox'; readonly timeoutMs: number }
  | {
      readonly kind: 'bluejay';
      /** Origin and optional path prefix, without a trailing slash. */
      readonly baseUrl: string;
      readonly auth: AuthConfig;
      /** The longest one attempt of an upstream call may take, connecting and body included. */
      readonly timeoutMs: number;
    };

export type AuthConfig =
  /** The gateway's own key, for everyone. */
  | { readonly mode: 'service'; readonly apiKey: string }
  /** Every caller brings its own X-API-Key; the gateway's key is never used. */
  | { readonly mode: 'forward' };

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  /** One line a problem: the variable's name, what was expected, never a secret value. */
  | { readonly ok: false; readonly problems: readonly string[] };

const defaultBaseUrl = 'https://api.getbluejay.ai';

const baseUrl = v.pipe(
  v.string(),
  v.check(
    (value) => isBaseUrl(value),
    'expected an http(s) URL without credentials, query or fragment, such as https://api.getbluejay.ai',
  ),
  v.transform((value) => new URL(value)),
);

const routerSecrets = v.pipe(
  v.string(),
  v.transform((value) => (value === '' ? [] : value.split(','))),
  v.check(
    (secrets) => secrets.length <= 2 && secrets.every((secret) => /^[\x21-\x7e]{16,256}$/.test(secret)),
    'expected 16 to 256 visible ASCII characters without a comma, or two such secrets with a comma between',
  ),
);

const corsOrigins = v.pipe(
  v.string(),
  v.transform((value) => (value === '' ? [] : value.split(',').map((origin) => origin.trim()))),
  v.check(
    (origins) => origins.every(isOrigin),
    'expected exact origins with commas between, such as https://app.example.com; no wildcard, path or slash at the end',
  ),
);

function isOrigin(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === value && !value.includes('*');
}

const rateLimit = v.pipe(
  v.string(),
  v.regex(/^[1-9]\d{0,8}\/[1-9]\d{0,4}$/, 'expected points and the seconds of their window, such as 600/60'),
  v.transform((value) => {
    const [points, windowSeconds] = value.split('/').map(Number);
    return { points: points ?? 0, windowSeconds: windowSeconds ?? 0 };
  }),
);

function isRedisUrl(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && /^rediss?:$/.test(url.protocol) && url.hostname !== '';
}

function isBaseUrl(value: string): boolean {
  const url = URL.parse(value);
  return (
    url !== null &&
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    !/[?#@]/.test(value) &&
    url.hostname !== ''
  );
}

/** Every environment variable that the gateway reads. The README's table is checked against this one. */
export const variables = {
  PORT: integerVariable(0, 65_535, 4_000, 'Port to listen on; `0` takes any free one.'),
  HOST: {
    schema: v.optional(
      v.pipe(v.string(), v.minLength(1, 'expected a host name or an IP address')),
      '127.0.0.1',
    ),
    default: '127.0.0.1',
    description: 'Address to listen on; `0.0.0.0` or `::` in a container.',
  },
  NODE_ENV: {
    schema: v.optional(oneOf(['development', 'production', 'test']), 'development'),
    default: 'development',
    description: '`development`, `production` or `test`.',
  },
  DRAIN_DELAY_MS: {
    schema: v.optional(integer(0, 600_000)),
    default: '`5000` in production, else `0`',
    description:
      'How long the gateway serves on after SIGTERM, so that balancers stop sending to it, in milliseconds.',
  },
  BLUEJAY_BASE_URL: {
    schema: v.optional(baseUrl),
    default: defaultBaseUrl,
    description: "Where Bluejay's API is. `https`, or `http` on loopback.",
  },
  BLUEJAY_ALLOW_HTTP: {
    schema: v.optional(onOff, 'false'),
    default: 'false',
    description:
      '`true` permits `http` to hosts that are not loopback: the API key then travels unencrypted.',
  },
  BLUEJAY_API_KEY: {
    schema: v.optional(
      v.pipe(
        v.string(),
        v.regex(apiKeyPattern, 'expected 8 to 256 visible ASCII characters without a comma'),
      ),
    ),
    default: '',
    description: "The gateway's own Bluejay API key. Required with `BLUEJAY_AUTH=service`.",
  },
  BLUEJAY_AUTH: {
    schema: v.optional(oneOf(['service', 'forward'])),
    default: '`service` with a key, else `forward`',
    description:
      "`service`: the gateway's key for everyone. `forward`: every caller sends its own `X-API-Key`.",
  },
  BLUEJAY_TIMEOUT_MS: integerVariable(
    1,
    60_000,
    3_000,
    'The longest one attempt of an upstream call may take, in milliseconds.',
  ),
  REQUEST_TIMEOUT_MS: integerVariable(
    1,
    600_000,
    10_000,
    'The deadline of one GraphQL request, queueing and retries included, in milliseconds.',
  ),
  PERSONA_CACHE_TTL_MS: integerVariable(
    0,
    86_400_000,
    0,
    "How long a persona is kept where Bluejay's `Cache-Control` does not say, and the most where it does.",
  ),
  PERSONA_CACHE_NOT_FOUND_TTL_MS: integerVariable(
    0,
    3_600_000,
    0,
    'How long “there is no such persona” is kept.',
  ),
  PERSONA_CACHE_STALE_MS: integerVariable(
    0,
    86_400_000,
    0,
    'How long an older persona may be used while it is fetched anew, or while Bluejay is out of reach.',
  ),
  PERSONA_CACHE_MAX_ENTRIES: integerVariable(
    1,
    10_000_000,
    10_000,
    'The most personas that are kept in memory.',
  ),
  PERSONA_CACHE_MAX_BYTES: integerVariable(
    1_024,
    999_999_999,
    33_554_432,
    'About how much memory they may take together.',
  ),
  CACHE_URL: {
    schema: v.optional(v.pipe(v.string(), v.check(isRedisUrl, 'expected a redis:// or rediss:// URL'))),
    default: '',
    description: 'A Redis or Valkey in which replicas share what they keep: `redis://` or `rediss://`.',
  },
  ROUTER_SECRET: {
    schema: v.optional(routerSecrets, ''),
    default: '',
    description:
      'What every GraphQL request must then carry in `router-authorization`. Two, with a comma between, during a rotation.',
  },
  MAX_REPRESENTATIONS: integerVariable(
    1,
    100_000,
    1_000,
    'The most entities that a router, and ids that a client, may ask for in one request.',
  ),
  MAX_RESPONSE_BYTES: integerVariable(
    1_024,
    268_435_456,
    16_777_216,
    'About how large the data of an answer may be.',
  ),
  MAX_TOKENS: integerVariable(1, 100_000, 1_000, 'The most lexical tokens that a document may have.'),
  MAX_DEPTH: integerVariable(1, 1_000, 20, 'How deep its fields may be nested, and its values.'),
  MAX_FIELDS: integerVariable(
    1,
    100_000,
    500,
    'The most fields, each counted wherever a fragment brings it.',
  ),
  MAX_ROOT_FIELDS: integerVariable(1, 100_000, 50, 'The most different fields of `Query`.'),
  MAX_DUPLICATES: integerVariable(
    0,
    100_000,
    100,
    'The most fields that repeat one beside them, in name and alias.',
  ),
  MAX_ALIASES: integerVariable(0, 100_000, 50, 'The most aliases.'),
  MAX_DIRECTIVES: integerVariable(0, 100_000, 50, 'The most directives.'),
  MAX_FRAGMENTS: integerVariable(0, 100_000, 100, 'The most fragments, each counted wherever it is spread.'),
  TRUSTED_DOCUMENTS: {
    schema: v.optional(v.string()),
    default: '',
    description: 'A JSON file of documents by their SHA-256, which clients may then ask for by `documentId`.',
  },
  TRUSTED_DOCUMENTS_MODE: {
    schema: v.optional(oneOf(['off', 'prefer', 'only'])),
    default: '`only` with a file, else `off`',
    description:
      '`only`: no other document is executed. `prefer`: others are too. `off`: the file is unused.',
  },
  RECEIVE_TIMEOUT_MS: integerVariable(
    100,
    600_000,
    30_000,
    'The longest that a request may take to arrive, in milliseconds; its headers have 10 seconds of it.',
  ),
  MAX_CONNECTIONS: integerVariable(
    1,
    1_000_000,
    10_000,
    'The most connections; further ones are closed at once.',
  ),
  MAX_CONCURRENT_REQUESTS: integerVariable(
    1,
    1_000_000,
    1_000,
    'The most GraphQL requests in flight; further ones are `OVERLOADED`.',
  ),
  MAX_EVENT_LOOP_DELAY_MS: integerVariable(
    0,
    60_000,
    100,
    'How long the event loop may take up requests without a pause; those that wait longer are `OVERLOADED`. `0` does not look.',
  ),
  RATE_LIMIT: {
    schema: v.optional(rateLimit),
    default: '',
    description:
      'Points and the seconds of their window, such as `600/60`, for each API key or address; a call to Bluejay costs one, a request at least one.',
  },
  TRUSTED_PROXIES: integerVariable(
    0,
    10,
    0,
    'How many proxies stand in front and add to `X-Forwarded-For`; with `0` the connection’s address counts.',
  ),
  CORS_ORIGINS: {
    schema: v.optional(corsOrigins, ''),
    default: '',
    description: 'The origins whose pages may read answers, with commas between: `https://app.example.com`.',
  },
  GRAPHIQL: {
    schema: v.optional(onOff),
    default: '`true` in development, else `false`',
    description: 'Whether a browser that opens `/graphql` gets GraphiQL.',
  },
  INTROSPECTION: {
    schema: v.optional(onOff),
    default: '`true` in development, else `false`',
    description:
      'Whether clients may read the schema. With `ROUTER_SECRET` the router may read `_service` in any case.',
  },
  ...observabilityVariables,
} as const satisfies Record<string, Variable>;

type Values = { [Name in keyof typeof variables]: v.InferOutput<(typeof variables)[Name]['schema']> };

/**
 * Reads the configuration from environment variables; an empty variable counts as unset.
 * Reports every problem at once and never repeats a variable's value.
 */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>): ConfigResult {
  const parsed: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, { schema }] of Object.entries<Variable>(variables)) {
    const result = v.safeParse(schema, environment[name] || undefined);
    if (result.success) parsed[name] = result.output;
    else problems.push(`${name}: ${result.issues[0].message}`);
  }
  // What is wrong by itself is missing here, so the checks across variables must do without it.
  const partial = parsed as Partial<Values>;
  const url = partial.BLUEJAY_BASE_URL;
  if (url?.protocol === 'http:' && !isLoopback(url.hostname) && partial.BLUEJAY_ALLOW_HTTP === false) {
    problems.push(
      'BLUEJAY_BASE_URL: expected https (http is for loopback; BLUEJAY_ALLOW_HTTP=true permits it elsewhere)',
    );
  }
  if (partial.BLUEJAY_AUTH === 'service' && !environment['BLUEJAY_API_KEY']) {
    problems.push('BLUEJAY_API_KEY: required when BLUEJAY_AUTH is service');
  }
  const { TRUSTED_DOCUMENTS_MODE: mode = 'off', TRUSTED_DOCUMENTS: path } = partial;
  if (mode !== 'off' && path === undefined) {
    problems.push(`TRUSTED_DOCUMENTS: required when TRUSTED_DOCUMENTS_MODE is ${mode}`);
  }
  const { BLUEJAY_TIMEOUT_MS: attemptMs, REQUEST_TIMEOUT_MS: requestMs } = partial;
  if (attemptMs !== undefined && requestMs !== undefined && requestMs < attemptMs) {
    // The deadline would end every slow attempt before it counts as a timeout of Bluejay's.
    problems.push(`REQUEST_TIMEOUT_MS: expected at least BLUEJAY_TIMEOUT_MS (it is ${requestMs})`);
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, config: resolve(parsed as Values) };
}

function resolve(values: Values): Config {
  return {
    environment: values.NODE_ENV,
    host: values.HOST,
    port: values.PORT,
    drainDelayMs: values.DRAIN_DELAY_MS ?? (values.NODE_ENV === 'production' ? 5_000 : 0),
    graphiql: values.GRAPHIQL ?? values.NODE_ENV === 'development',
    introspection: values.INTROSPECTION ?? values.NODE_ENV === 'development',
    limits: {
      tokens: values.MAX_TOKENS,
      depth: values.MAX_DEPTH,
      fields: values.MAX_FIELDS,
      rootFields: values.MAX_ROOT_FIELDS,
      duplicates: values.MAX_DUPLICATES,
      aliases: values.MAX_ALIASES,
      directives: values.MAX_DIRECTIVES,
      fragments: values.MAX_FRAGMENTS,
    },
    trustedDocuments: resolveTrustedDocuments(values),
    requestTimeoutMs: values.REQUEST_TIMEOUT_MS,
    maxRepresentations: values.MAX_REPRESENTATIONS,
    maxResponseBytes: values.MAX_RESPONSE_BYTES,
    routerSecrets: values.ROUTER_SECRET,
    http: { maxConnections: values.MAX_CONNECTIONS, receiveTimeoutMs: values.RECEIVE_TIMEOUT_MS },
    protection: {
      corsOrigins: values.CORS_ORIGINS,
      trustedProxies: values.TRUSTED_PROXIES,
      rateLimit: values.RATE_LIMIT,
      overload: {
        maxConcurrentRequests: values.MAX_CONCURRENT_REQUESTS,
        maxEventLoopDelayMs: values.MAX_EVENT_LOOP_DELAY_MS,
      },
    },
    cache: {
      ttlMs: values.PERSONA_CACHE_TTL_MS,
      notFoundTtlMs: values.PERSONA_CACHE_NOT_FOUND_TTL_MS,
      staleMs: values.PERSONA_CACHE_STALE_MS,
      maxEntries: values.PERSONA_CACHE_MAX_ENTRIES,
      maxBytes: values.PERSONA_CACHE_MAX_BYTES,
      url: values.CACHE_URL,
    },
    upstream: resolveUpstream(values),
    ...resolveObservability(values, values.HOST, values.NODE_ENV === 'development'),
  };
}

function resolveTrustedDocuments(values: Values): TrustedDocumentsConfig | undefined {
  const { TRUSTED_DOCUMENTS: path, TRUSTED_DOCUMENTS_MODE: mode = 'only' } = values;
  return path === undefined || mode === 'off' ? undefined : { path, mode };
}

function resolveUpstream(values: Values): UpstreamConfig {
  const {
    BLUEJAY_BASE_URL: url,
    BLUEJAY_API_KEY: apiKey,
    BLUEJAY_AUTH: mode,
    BLUEJAY_TIMEOUT_MS: timeoutMs,
  } = values;
  const nothingConfigured = url === undefined && apiKey === undefined && mode === undefined;
  if (nothingConfigured && values.NODE_ENV !== 'production') return { kind: 'sandbox', timeoutMs };
  return {
    kind: 'bluejay',
    baseUrl: url === undefined ? defaultBaseUrl : url.href.replace(/\/+$/, ''),
    auth: apiKey === undefined || mode === 'forward' ? { mode: 'forward' } : { mode: 'service', apiKey },
    timeoutMs,
  };
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
