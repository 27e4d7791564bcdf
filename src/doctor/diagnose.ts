import { Socket } from 'node:net';
import { parseConfig } from '../config/index.ts';
import type { BluejayConfig, Config, UpstreamConfig } from '../config/index.ts';
import { listMissingPackages } from '../config/missing-packages.ts';
import { programName } from '../config/program.ts';
import { version } from '../version.ts';
import { createApiChecks } from './api.ts';
import type { CacheCheckOptions } from './cache.ts';
import { checkDns } from './connection.ts';
import { problem } from './finding.ts';
import type { Finding, Verdict } from './finding.ts';
import { planRoute } from './route.ts';
import { checkExtraCertificates, unverified } from './trust.ts';

export interface DiagnoseOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Called with each finding at once. */
  readonly report: (finding: Finding) => void;
  /** The longest that connecting, the TLS handshake and the cache may take each, in milliseconds. @default 5000 */
  readonly limitMs?: number;
}

/**
 * Checks the configuration, the connection to Bluejay, its API and the cache, in the order in which the gateway uses them.
 * Skips the checks that depend on one with a problem.
 *
 * @returns whether there was no problem
 */
export async function diagnose(options: DiagnoseOptions): Promise<boolean> {
  const { environment, report, limitMs = 5_000 } = options;

  /** Runs and reports a check. @returns false for a problem */
  async function run(check: Finding['check'], carryOut: () => Promise<Verdict>): Promise<boolean> {
    const startedAt = performance.now();
    const verdict = await carryOut();
    report({ ...verdict, check, durationMs: performance.now() - startedAt });
    return verdict.outcome !== 'problem';
  }

  /** Checks the variables with which Node.js itself changes TLS. */
  async function checkTrust(): Promise<boolean> {
    const { NODE_EXTRA_CA_CERTS: path, NODE_TLS_REJECT_UNAUTHORIZED: rejects } = environment;
    const isWell = !path || (await run('authorities', () => checkExtraCertificates(path)));
    if (rejects === '0') await run('verification', () => Promise.resolve(unverified));
    return isWell;
  }

  async function reach(config: BluejayConfig): Promise<boolean> {
    const { first, steps } = planRoute(config, limitMs);
    if (!(await run('DNS', () => checkDns(first)))) return false;
    let socket = new Socket();
    try {
      for (const { check, carryOut } of steps) {
        // oxlint-disable-next-line no-await-in-loop -- each step begins where the last one has got to
        const isWell = await run(check, async () => {
          const connected = await carryOut(socket);
          ({ socket } = connected);
          return connected.verdict;
        });
        if (!isWell) return false;
      }
      return true;
    } finally {
      socket.destroy();
    }
  }

  async function ask(config: BluejayConfig): Promise<boolean> {
    const { baseUrl, proxy, auth, timeoutMs } = config;
    const api = createApiChecks({
      baseUrl,
      proxy,
      timeoutMs,
      apiKey: auth.mode === 'service' ? auth.apiKey : undefined,
      userAgent: `${programName}/${version}`,
    });
    try {
      return (await run('API', () => api.checkApi())) && (await run('API key', () => api.checkKey()));
    } finally {
      await api.close();
    }
  }

  const parsed = parseConfig(environment);
  const isConfigured = await run('configuration', async () =>
    parsed.ok ? checkPackages(parsed.config) : listProblems(parsed.problems, variableAdvice),
  );
  if (!parsed.ok || !isConfigured) return false;
  const { upstream, cache, protection, writes: isWriting } = parsed.config;
  const isTrustWell = await checkTrust();
  const isUpstreamWell = upstream.kind === 'sandbox' || ((await reach(upstream)) && (await ask(upstream)));
  const isRateLimited = protection.rateLimit !== undefined;
  const isCacheWell = await run('cache', () =>
    examineCache({ url: cache.url, isRateLimited, isWriting, limitMs }),
  );
  return isTrustWell && isUpstreamWell && isCacheWell;
}

/** Loads the client of Redis on demand. */
async function examineCache({
  url,
  ...options
}: Omit<CacheCheckOptions, 'url'> & { url: string | undefined }) {
  if (url === undefined) return skipped('CACHE_URL is not set: each replica keeps personas to itself');
  return (await import('./cache.ts')).checkCache({ url, ...options });
}

function describe(upstream: UpstreamConfig): Verdict {
  if (upstream.kind === 'sandbox') {
    return {
      outcome: 'note',
      text: 'nothing says where Bluejay is: the gateway answers from its sandbox, with invented personas',
      advice: 'For the real Bluejay set BLUEJAY_API_KEY, or BLUEJAY_AUTH=forward.',
    };
  }
  const { baseUrl, auth, proxy } = upstream;
  const whose = auth.mode === 'service' ? "the gateway's own key" : "each caller's own key";
  const way = proxy === undefined ? 'directly' : `through the proxy ${proxy.origin}`;
  return { outcome: 'ok', text: `Bluejay is asked at ${baseUrl} with ${whose}, ${way}` };
}

const variableAdvice =
  'Correct these environment variables: docs/configuration.md and --help of the gateway describe them.';

async function checkPackages(config: Config): Promise<Verdict> {
  const problems = await listMissingPackages(config);
  if (problems.length === 0) return describe(config.upstream);
  return listProblems(problems, 'Install the packages where this program is installed.');
}

function listProblems(problems: readonly string[], advice: string): Verdict {
  const lines = problems.map((line) => `\n${' '.repeat(24)}${line}`);
  return problem(`The gateway would not start:${lines.join('')}`, advice);
}

function skipped(text: string): Verdict {
  return { outcome: 'skipped', text };
}
