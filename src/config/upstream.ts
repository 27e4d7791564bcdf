import * as v from 'valibot';
import { apiKeyPattern } from '../datasources/bluejay/api-key.ts';
import type { Proxy } from '../datasources/upstream/transport/route.ts';
import { proxyVariables, resolveProxy } from './proxy.ts';
import { integerVariable, onOff, oneOf } from './variable.ts';
import type { ValuesOf, Variable } from './variable.ts';

/** Bluejay over HTTP, or the sandbox that the gateway starts. */
export type UpstreamConfig = { readonly kind: 'sandbox'; readonly timeoutMs: number } | BluejayConfig;

export interface BluejayConfig {
  readonly kind: 'bluejay';
  /** Origin and optional path prefix, without a trailing slash. */
  readonly baseUrl: string;
  readonly auth: AuthConfig;
  /** The longest that one attempt of an upstream call may take, from connecting to the end of the body, in milliseconds. */
  readonly timeoutMs: number;
  /** Undefined connects to Bluejay directly. @default undefined */
  readonly proxy?: Proxy | undefined;
}

export type AuthConfig =
  /** Calls Bluejay with the gateway's own key for all callers. */
  | { readonly mode: 'service'; readonly apiKey: string }
  /** Calls Bluejay with the caller's own X-API-Key only. */
  | { readonly mode: 'forward' };

const defaultBaseUrl = 'https://api.getbluejay.ai';

const baseUrlSchema = v.pipe(
  v.string(),
  v.check(
    (value) => isBaseUrl(value),
    'expected an http(s) URL without credentials, query or fragment, such as https://api.getbluejay.ai',
  ),
  v.transform((value) => new URL(value)),
);

function isBaseUrl(value: string): boolean {
  const url = URL.parse(value);
  return (
    url !== null &&
    (url.protocol === 'https:' || url.protocol === 'http:') &&
    !/[?#@]/.test(value) &&
    url.hostname !== ''
  );
}

export const upstreamVariables = {
  BLUEJAY_BASE_URL: {
    option: 'upstream.baseUrl',
    schema: v.optional(baseUrlSchema),
    default: defaultBaseUrl,
    description: "The base URL of Bluejay's API. `http` is allowed for loopback addresses only.",
  },
  BLUEJAY_ALLOW_HTTP: {
    schema: v.optional(onOff, 'false'),
    default: 'false',
    description: '`true` allows `http` to any host. API keys then travel unencrypted.',
  },
  BLUEJAY_API_KEY: {
    option: 'upstream.auth.apiKey',
    schema: v.optional(
      v.pipe(
        v.string(),
        v.regex(apiKeyPattern, 'expected 8 to 256 visible ASCII characters without a comma'),
      ),
    ),
    default: '',
    description:
      "The gateway's own Bluejay API key: 8 to 256 visible ASCII characters without a comma. Required with `BLUEJAY_AUTH=service`.",
  },
  BLUEJAY_AUTH: {
    option: 'upstream.auth.mode',
    schema: v.optional(oneOf(['service', 'forward'])),
    default: '`service` with a key, else `forward`',
    description:
      '`service`: the gateway calls Bluejay with its own key for all callers. `forward`: each caller sends its own Bluejay key in `X-API-Key`.',
  },
  BLUEJAY_TIMEOUT_MS: integerVariable(
    'upstream.timeoutMs',
    1,
    60_000,
    3_000,
    'The longest that one attempt of a call to Bluejay may take, in milliseconds.',
  ),
} as const satisfies Record<string, Variable>;

type Values = ValuesOf<typeof upstreamVariables & typeof proxyVariables>;

/**
 * Returns the problems across the variables of the upstream.
 *
 * @param values the variables that are right by themselves
 * @param isApiKeySet whether there is a key, even one that is wrong by itself
 */
export function findUpstreamProblems(values: Partial<Values>, isApiKeySet: boolean): readonly string[] {
  const problems: string[] = [];
  const url = values.BLUEJAY_BASE_URL;
  if (url?.protocol === 'http:' && !isLoopback(url.hostname) && values.BLUEJAY_ALLOW_HTTP === false) {
    problems.push(
      'BLUEJAY_BASE_URL: expected https (http is for loopback; BLUEJAY_ALLOW_HTTP=true permits it elsewhere)',
    );
  }
  if (values.BLUEJAY_AUTH === 'service' && !isApiKeySet) {
    problems.push('BLUEJAY_API_KEY: required when BLUEJAY_AUTH is service');
  }
  return problems;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** Resolves the upstream: the sandbox where nothing is configured outside production, else Bluejay. */
export function resolveUpstream(values: Values, isProduction: boolean): UpstreamConfig {
  const {
    BLUEJAY_BASE_URL: url,
    BLUEJAY_API_KEY: apiKey,
    BLUEJAY_AUTH: mode,
    BLUEJAY_TIMEOUT_MS: timeoutMs,
  } = values;
  const nothingConfigured = url === undefined && apiKey === undefined && mode === undefined;
  if (nothingConfigured && !isProduction) return { kind: 'sandbox', timeoutMs };
  const baseUrl = url === undefined ? defaultBaseUrl : url.href.replace(/\/+$/, '');
  return {
    kind: 'bluejay',
    baseUrl,
    proxy: resolveProxy(values, new URL(baseUrl)),
    auth: apiKey === undefined || mode === 'forward' ? { mode: 'forward' } : { mode: 'service', apiKey },
    timeoutMs,
  };
}
