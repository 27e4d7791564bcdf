import * as v from 'valibot';
import { defaultMemoryBudgetBytes } from './memory-budget.ts';
import { integer, integerVariable } from './variable.ts';
import type { ValuesOf, Variable } from './variable.ts';

/** The limits of connections. */
export interface HttpConfig {
  /** The most connections. Further ones are closed at once. */
  readonly maxConnections: number;
  /** The longest that a request may take to arrive, and a large answer to be taken; headers have a third of it, 10 seconds at the most. */
  readonly receiveTimeoutMs: number;
  /** How long a connection without a request stays open. Longer than whoever sends keeps it. */
  readonly keepAliveTimeoutMs: number;
}

/** The access to the route of GraphQL, and its limits on load. */
export interface ProtectionConfig {
  /** The host names that are served beside addresses and the names of this machine. Undefined permits any name. */
  readonly allowedHosts: readonly string[] | undefined;
  /**
   * The origins whose pages may read answers, such as `https://app.example.com`. `*` as the first label stands for one
   * label: `https://*.preview.example.com`.
   */
  readonly corsOrigins: readonly string[];
  /** The names of headers that these pages may send beside those that client libraries send by themselves. */
  readonly corsHeaders: readonly string[];
  /** Whether pages of this machine may read answers, too: a frontend's development server. @default false */
  readonly corsLoopback?: boolean;
  /** How many proxies in front append to `X-Forwarded-For`. */
  readonly trustedProxies: number;
  /** Undefined turns the rate limit off. */
  readonly rateLimit: { readonly points: number; readonly windowSeconds: number } | undefined;
  /** How long a request may wait for its turn; 0: as long as it takes. */
  readonly maxQueueDelayMs: number;
  /** The most bytes that the process may hold for its clients, caches included. */
  readonly memoryBudgetBytes: number;
}

const allowedHosts = v.pipe(
  v.string(),
  v.transform((value) => (value === '' ? [] : value.split(',').map((host) => host.trim()))),
  v.check(
    (hosts) => hosts.every((host) => /^[a-z\d_-]+(?:\.[a-z\d_-]+)*$/i.test(host)),
    'expected host names with commas between, such as gateway.example.com; no port, scheme or wildcard',
  ),
);

const corsOrigins = v.pipe(
  v.string(),
  v.transform((value) => (value === '' ? [] : value.split(',').map((origin) => origin.trim()))),
  v.check(
    (origins) => origins.every(isOriginOrPattern),
    'expected origins with commas between, such as https://app.example.com or https://*.preview.example.com; no other wildcard, no path, no slash at the end',
  ),
);

/** At least two labels follow the `*`: `https://*.com` would permit the pages of almost anybody. */
const wildcardLabel = /^(https?:\/\/)\*(?=(?:\.[^.:]+){2,}(?::|$))/;

function isOriginOrPattern(value: string): boolean {
  const origin = value.replace(wildcardLabel, '$1any');
  const url = URL.parse(origin);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === origin && !origin.includes('*');
}

const corsHeaders = v.pipe(
  v.string(),
  v.transform((value) => (value === '' ? [] : value.split(',').map((header) => header.trim().toLowerCase()))),
  v.check(
    // A token of RFC 9110, section 5.6.2, without `*`, which browsers take for any header.
    (headers) => headers.every((header) => /^[!#$%&'+\-.^_`|~\da-z]+$/.test(header)),
    'expected names of headers with commas between, such as x-tenant; no wildcard',
  ),
);

const rateLimit = v.pipe(
  v.string(),
  v.regex(/^[1-9]\d{0,8}\/[1-9]\d{0,4}$/, 'expected points and the seconds of their window, such as 600/60'),
  v.transform((value) => {
    const [points, windowSeconds] = value.split('/').map(Number);
    return { points: points ?? 0, windowSeconds: windowSeconds ?? 0 };
  }),
);

export const connectionsVariables = {
  RECEIVE_TIMEOUT_MS: integerVariable(
    'http.receiveTimeoutMs',
    100,
    600_000,
    30_000,
    'How long a request may take to arrive, and a client to take an answer, in milliseconds. Headers have a third of it, at most 10 seconds.',
  ),
  KEEP_ALIVE_TIMEOUT_MS: integerVariable(
    'http.keepAliveTimeoutMs',
    100,
    3_600_000,
    65_000,
    'How long an idle connection stays open, in milliseconds. Keep it above the idle timeout of the router or load balancer in front.',
  ),
  MAX_CONNECTIONS: integerVariable(
    'http.maxConnections',
    1,
    1_000_000,
    10_000,
    'The largest number of open connections. Further ones are closed at once.',
  ),
} as const satisfies Record<string, Variable>;

export const loadVariables = {
  MAX_QUEUE_DELAY_MS: integerVariable(
    'protection.maxQueueDelayMs',
    0,
    60_000,
    250,
    'How long a request may wait for its turn before it is refused with `OVERLOADED`, in milliseconds. `0` means no limit.',
  ),
  MEMORY_BUDGET_BYTES: {
    option: 'protection.memoryBudgetBytes',
    schema: v.optional(integer(16_777_216, 999_999_999)),
    default: 'a quarter of the memory, at most 83886080',
    description:
      'The most memory to hold for clients and caches. Above it, the gateway ends the oldest large requests of the caller that holds the most.',
  },
  RATE_LIMIT: {
    option: 'protection.rateLimit',
    schema: v.optional(rateLimit),
    default: '',
    description:
      'Points for each API key or address, and the window in seconds: `600/60`. A request costs at least one point, a read of Bluejay one, a write five. Unset: no limit.',
  },
  TRUSTED_PROXIES: integerVariable(
    'protection.trustedProxies',
    0,
    10,
    0,
    "The number of proxies in front that append to `X-Forwarded-For`. `0` uses the connection's address.",
  ),
} as const satisfies Record<string, Variable>;

export const browsersVariables = {
  ALLOWED_HOSTS: {
    option: 'protection.allowedHosts',
    schema: v.optional(allowedHosts, ''),
    default: '',
    description:
      'The host names that GraphQL answers to, separated by commas, in addition to addresses and `localhost`. Unset: every name in production, no other name in development.',
  },
  CORS_ORIGINS: {
    option: 'protection.corsOrigins',
    schema: v.optional(corsOrigins, ''),
    default: '',
    description:
      'The origins whose pages may read answers, separated by commas: `https://app.example.com`, `https://*.preview.example.com`. In development pages of this machine may, too.',
  },
  CORS_HEADERS: {
    option: 'protection.corsHeaders',
    schema: v.optional(corsHeaders, ''),
    default: '',
    description:
      'The request headers that those pages may send in addition to those of GraphQL clients, tracing and `Authorization`, separated by commas: `x-tenant`.',
  },
} as const satisfies Record<string, Variable>;

type Values = ValuesOf<typeof loadVariables & typeof browsersVariables>;

/** Resolves the limits of connections. */
export function resolveHttp(values: ValuesOf<typeof connectionsVariables>): HttpConfig {
  return {
    maxConnections: values.MAX_CONNECTIONS,
    receiveTimeoutMs: values.RECEIVE_TIMEOUT_MS,
    keepAliveTimeoutMs: values.KEEP_ALIVE_TIMEOUT_MS,
  };
}

/** Resolves the access to the route of GraphQL. */
export function resolveProtection(values: Values, isDevelopment: boolean, workers: number): ProtectionConfig {
  return {
    allowedHosts: isDevelopment || values.ALLOWED_HOSTS.length > 0 ? values.ALLOWED_HOSTS : undefined,
    corsOrigins: values.CORS_ORIGINS,
    corsHeaders: values.CORS_HEADERS,
    corsLoopback: isDevelopment,
    trustedProxies: values.TRUSTED_PROXIES,
    rateLimit: values.RATE_LIMIT,
    maxQueueDelayMs: values.MAX_QUEUE_DELAY_MS,
    memoryBudgetBytes: values.MEMORY_BUDGET_BYTES ?? defaultMemoryBudgetBytes(workers),
  };
}
