import { randomUUID } from 'node:crypto';
import { sharedKeyPrefix } from '../datasources/bluejay/index.ts';
import { codeOf as replyCodeOf, createRedisClient, isErrorReply } from '../shared/redis/redis-client.ts';
import type { RedisClient } from '../shared/redis/redis-client.ts';
import { parseRedisUrl } from '../shared/redis/redis-url.ts';
import { explainRedisRefusal } from './explain-redis-refusal.ts';
import { problem } from './finding.ts';
import type { Verdict } from './finding.ts';
import { codeOf, explainNetworkError } from './network-errors.ts';
import type { Target } from './network-errors.ts';
import { withTimeLimit } from './time-limit.ts';

export interface CacheCheckOptions {
  /** The value of `CACHE_URL`. It may hold a password, so only its host and port are printed. */
  readonly url: string;
  /** Whether the rate limit counts there, too. */
  readonly isRateLimited: boolean;
  /** Whether replicas tell each other of writes there. */
  readonly isWriting: boolean;
  /** The longest that connecting and all commands may take together, in milliseconds. */
  readonly limitMs: number;
}

/** A command that failed. */
interface Failure {
  readonly command: string;
  readonly error: unknown;
}

/** Enough keys that a node of a cluster does not hold all of them. */
const readCount = 32;

/** Runs the commands of the gateway, on keys with its prefix that expire within a second. */
export async function checkCache({
  url,
  isRateLimited,
  isWriting,
  limitMs,
}: CacheCheckOptions): Promise<Verdict> {
  const address = parseRedisUrl(url);
  if (address === undefined) throw new TypeError('expected a URL that the configuration has let through');
  const { host, port, isTls } = address;
  // The time limits below replace the client's own.
  const client = createRedisClient(address, { connectTimeout: 0, reconnectStrategy: false });
  client.on('error', () => {});
  try {
    await withTimeLimit(client.connect(), limitMs);
    const failures = await withTimeLimit(tryCommands(client, { isRateLimited, isWriting }), limitMs);
    if (failures.length > 0) return explainFailures(failures);
    return { outcome: 'ok', text: `${host.includes(':') ? `[${host}]` : host}:${port} answers` };
  } catch (error) {
    const { text, advice = '' } = isErrorReply(error)
      ? explainRedisRefusal(replyCodeOf(error), error.message, [])
      : explainConnection(error, { host, port, variable: 'CACHE_URL' }, isTls);
    return problem(text, `${advice} Until then the gateway works, without the shared cache.`);
  } finally {
    client.destroy();
  }
}

/** @throws errors that are no reply of Redis */
async function tryCommands(
  client: RedisClient,
  { isRateLimited, isWriting }: Pick<CacheCheckOptions, 'isRateLimited' | 'isWriting'>,
): Promise<Failure[]> {
  const keys = Array.from({ length: readCount }, () => `${sharedKeyPrefix}doctor:${randomUUID()}`);
  const [key = ''] = keys;
  const channel = `${sharedKeyPrefix}doctor:writes`;
  const commands: Record<string, () => Promise<unknown>> = {
    GET: () => Promise.all(keys.map((each) => client.get(each))),
    SET: () => client.set(key, '', { expiration: { type: 'PX', value: 1_000 } }),
    DEL: () => client.del(key),
    ...(isRateLimited && { EVAL: () => count(client) }),
    ...(isWriting && {
      PUBLISH: () => client.publish(channel, ''),
      // Last, as a connection that listens does nothing else.
      SUBSCRIBE: () => client.subscribe(channel, () => {}),
    }),
  };
  const failures: Failure[] = [];
  for (const [command, execute] of Object.entries(commands)) {
    // In this order, so that the first failure is the most important one.
    // oxlint-disable-next-line no-await-in-loop
    await execute().catch((error: unknown) => {
      if (!isErrorReply(error)) throw error;
      failures.push({ command, error });
    });
  }
  return failures;
}

async function count(client: RedisClient): Promise<void> {
  const { createRedisCounters } = await import('../shared/redis/redis-counters.ts');
  await createRedisCounters(client, { points: 1, windowSeconds: 1 }).penalty(`doctor:${randomUUID()}`);
}

/** Explains the first failure, with the commands that failed with the same code. */
function explainFailures(failures: readonly Failure[]): Verdict {
  const error = failures[0]?.error as Error;
  const code = replyCodeOf(error);
  const alike = failures.filter((failure) => replyCodeOf(failure.error) === code);
  const { text, advice = '' } = explainRedisRefusal(
    code,
    error.message,
    alike.map(({ command }) => command),
  );
  return problem(text, `${advice} Until then the gateway works, without what is refused.`);
}

function explainConnection(error: unknown, target: Target, isTls: boolean): Verdict {
  const isClosed = error instanceof Error && error.message === 'Socket closed unexpectedly';
  const code = isClosed ? 'ECONNRESET' : codeOf(error);
  const { text, advice = '' } = explainNetworkError(code, target);
  // A server without TLS waits for the end of a TLS handshake; a server with TLS resets a connection without one.
  if (isTls && code === 'ETIMEDOUT')
    return problem(text, `${advice} A Redis without TLS is silent, too: try redis:// in CACHE_URL.`);
  if (!isTls && (code === 'ECONNRESET' || code === ''))
    return problem(text, `${advice} If it speaks TLS, CACHE_URL begins with rediss://.`);
  return problem(text, advice);
}
