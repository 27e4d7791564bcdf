import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { createBreaker } from '../../datasources/bluejay/resilience/breaker.ts';

export interface RateLimiterOptions {
  /** The points of one window. */
  readonly points: number;
  readonly windowSeconds: number;
  /** `redis://` or `rediss://`, where replicas count together; undefined counts in this process. */
  readonly url: string | undefined;
  /** Told when the shared counters are out of reach, and this process counts alone, and when they are back. */
  readonly onStateChange: (state: 'lost' | 'recovered') => void;
}

export interface RateLimiter {
  /** Takes points, even where none are left. Never rejects. */
  charge(key: string, points: number): Promise<Balance>;
  close(): void;
}

interface Balance {
  /** What was taken in this window, more than there is perhaps. */
  readonly taken: number;
  /** Until the next window, in milliseconds. */
  readonly resetMs: number;
}

const keyPrefix = 'bluejay-graphql:rate-limit';
/** The longest that a request waits for the shared counters. */
const timeoutMs = 50;
/** How long they are left alone after a failure. */
const pauseMs = 1_000;

export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { points: limit, windowSeconds: duration, url } = options;
  const own = new RateLimiterMemory({ points: limit, duration, keyPrefix });
  const chargeOwn = async (key: string, points: number) => balanceOf(await own.penalty(key, points));
  if (url === undefined) return { charge: chargeOwn, close() {} };

  const client = connect(url);
  const shared = new RateLimiterRedis({
    storeClient: client,
    useRedisPackage: true,
    rejectIfRedisNotReady: true,
    points: limit,
    duration,
    keyPrefix,
  });
  let isLost = false;
  const breaker = createBreaker({
    minimumCalls: 1,
    failureRate: 0.01,
    windowMs: pauseMs,
    openMs: pauseMs,
    probes: 1,
    now: () => performance.now(),
    onStateChange(state) {
      if (state === 'half_open' || isLost === (state === 'open')) return;
      isLost = state === 'open';
      options.onStateChange(isLost ? 'lost' : 'recovered');
    },
  });

  async function charge(key: string, points: number): Promise<Balance> {
    const report = breaker.enter();
    if (report === undefined) return chargeOwn(key, points);
    const timer = new AbortController();
    try {
      const timeOver = delay(timeoutMs, undefined, { signal: timer.signal }).then(() => {
        throw new Error('late');
      });
      const balance = balanceOf(await Promise.race([shared.penalty(key, points), timeOver]));
      report('success');
      return balance;
    } catch {
      report('failure');
      return chargeOwn(key, points);
    } finally {
      timer.abort();
    }
  }

  return { charge, close: () => client.destroy() };
}

function balanceOf({
  consumedPoints,
  msBeforeNext,
}: {
  consumedPoints: number;
  msBeforeNext: number;
}): Balance {
  return { taken: consumedPoints, resetMs: Math.max(0, msBeforeNext) };
}

function connect(url: string) {
  const client = createClient({
    url,
    disableOfflineQueue: true,
    commandsQueueMaxLength: 10_000,
    socket: { connectTimeout: 1_000, reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, pauseMs) },
  });
  // Its errors name the host; what matters of them is in the breaker's state.
  client.on('error', () => {});
  client.connect().catch(() => {});
  return client;
}
