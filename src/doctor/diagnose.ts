import { parseConfig } from '../config.ts';
import type { UpstreamConfig } from '../config.ts';
import { version } from '../version.ts';
import { createApiChecks } from './api.ts';
import type { CacheCheckOptions } from './cache.ts';
import { checkConnection, checkDns, checkTls } from './connection.ts';
import { problem } from './finding.ts';
import type { Finding, Verdict } from './finding.ts';
import type { Target } from './network-errors.ts';

export interface DiagnoseOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Told of each finding as soon as there is one. */
  readonly report: (finding: Finding) => void;
  /** The longest that connecting, the TLS handshake and the cache may take each, in milliseconds. @default 5000 */
  readonly limitMs?: number;
}

type BluejayConfig = Extract<UpstreamConfig, { kind: 'bluejay' }>;

/**
 * Goes the way that the gateway would go, from its configuration to Bluejay and the cache, and reports on each
 * step. What lies behind a problem is not looked at.
 *
 * @returns whether there was no problem
 */
export async function diagnose(options: DiagnoseOptions): Promise<boolean> {
  const { environment, report, limitMs = 5_000 } = options;

  /** Takes the time of a check and reports what it found; true unless that is a problem. */
  async function run<Result extends Verdict>(check: Finding['check'], carryOut: () => Promise<Result>) {
    const startedAt = performance.now();
    const verdict = await carryOut();
    report({ ...verdict, check, durationMs: performance.now() - startedAt });
    return verdict.outcome !== 'problem';
  }

  async function reach(config: BluejayConfig): Promise<boolean> {
    const { protocol, hostname, port } = new URL(config.baseUrl);
    const isTls = protocol === 'https:';
    const target: Target = {
      // Node wants an IPv6 address without its brackets.
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(port || (isTls ? 443 : 80)),
      variable: 'BLUEJAY_BASE_URL',
    };
    if (!(await run('DNS', () => checkDns(target)))) return false;
    const connecting = checkConnection(target, limitMs);
    try {
      if (!(await run('connection', async () => (await connecting).verdict))) return false;
      const { socket } = await connecting;
      return await run('TLS', () => (isTls ? checkTls(socket, target, limitMs) : noTls()));
    } finally {
      (await connecting).socket.destroy();
    }
  }

  async function ask(config: BluejayConfig): Promise<boolean> {
    const { baseUrl, auth, timeoutMs } = config;
    const api = createApiChecks({
      baseUrl,
      timeoutMs,
      apiKey: auth.mode === 'service' ? auth.apiKey : undefined,
      userAgent: `bluejay-graphql/${version}`,
    });
    try {
      return (await run('API', () => api.checkApi())) && (await run('API key', () => api.checkKey()));
    } finally {
      await api.close();
    }
  }

  const parsed = parseConfig(environment);
  const isConfigured = await run('configuration', async () =>
    parsed.ok ? describe(parsed.config.upstream) : listProblems(parsed.problems),
  );
  if (!parsed.ok || !isConfigured) return false;
  const { upstream, cache, protection } = parsed.config;
  const isUpstreamWell = upstream.kind === 'sandbox' || ((await reach(upstream)) && (await ask(upstream)));
  const isRateLimited = protection.rateLimit !== undefined;
  const isCacheWell = await run('cache', () => examineCache({ url: cache.url, isRateLimited, limitMs }));
  return isUpstreamWell && isCacheWell;
}

/** The client of the cache is loaded only where there is one. */
async function examineCache({
  url,
  ...options
}: Omit<CacheCheckOptions, 'url'> & { url: string | undefined }) {
  if (url !== undefined) return (await import('./cache.ts')).checkCache({ url, ...options });
  return skipped('CACHE_URL is not set: each replica keeps personas to itself');
}

function describe(upstream: UpstreamConfig): Verdict {
  if (upstream.kind === 'sandbox') {
    return {
      outcome: 'note',
      text: 'nothing says where Bluejay is: the gateway answers from its sandbox, with invented personas',
      advice: 'For the real Bluejay set BLUEJAY_API_KEY, or BLUEJAY_AUTH=forward.',
    };
  }
  const whose = upstream.auth.mode === 'service' ? "the gateway's own key" : "each caller's own key";
  return { outcome: 'ok', text: `Bluejay is asked at ${upstream.baseUrl} with ${whose}` };
}

function listProblems(problems: readonly string[]): Verdict {
  return problem(
    `The gateway would not start:${problems.map((line) => `\n${' '.repeat(24)}${line}`).join('')}`,
    'Set these environment variables as the README says under Configuration.',
  );
}

async function noTls(): Promise<Verdict> {
  return skipped('BLUEJAY_BASE_URL is http: API keys travel unencrypted');
}

function skipped(text: string): Verdict {
  return { outcome: 'skipped', text };
}
