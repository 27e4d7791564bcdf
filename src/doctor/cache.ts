import { codeOf, explainNetworkError } from './network-errors.ts';
import { withTimeLimit } from './time-limit.ts';
import { problem } from './finding.ts';
import type { Verdict } from './finding.ts';

/**
 * Whether the shared cache answers a PING.
 *
 * @param url of `CACHE_URL`; it can hold a password, so no more than host and port are told of it
 */
export async function checkCache(url: string | undefined, limitMs: number): Promise<Verdict> {
  if (url === undefined) {
    return { outcome: 'skipped', text: 'CACHE_URL is not set: each replica keeps personas to itself' };
  }
  const { createClient } = await import('@redis/client');
  const { hostname, port } = new URL(url);
  const target = { host: hostname, port: Number(port || 6379), variable: 'CACHE_URL' } as const;
  // One limit for connecting and answering together, below.
  const client = createClient({ url, socket: { connectTimeout: 0, reconnectStrategy: false } });
  client.on('error', () => {});
  try {
    await withTimeLimit(
      client.connect().then(() => client.ping()),
      limitMs,
    );
    return { outcome: 'ok', text: `${target.host}:${target.port} answers` };
  } catch (error) {
    const { text, advice = '' } = explain(error, target);
    return problem(text, `${advice} Until then the gateway works, without the shared cache.`);
  } finally {
    client.destroy();
  }
}

function explain(error: unknown, target: Parameters<typeof explainNetworkError>[1]): Verdict {
  const message = error instanceof Error ? error.message : '';
  // Redis' own refusals begin with a word in capitals; the client's have a sentence and no code.
  if (/^(NOAUTH|WRONGPASS|NOPERM)\b/.test(message)) {
    return problem(
      'The cache refuses the user or the password, or wants one.',
      'Check them in CACHE_URL: redis://user:password@host:port, with the special characters percent-encoded.',
    );
  }
  if (message === 'Socket closed unexpectedly') return explainNetworkError('ECONNRESET', target);
  return explainNetworkError(codeOf(error), target);
}
