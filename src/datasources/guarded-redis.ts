import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { createBreaker } from './bluejay/resilience/breaker.ts';

export interface GuardedRedisOptions {
  /** `redis://` or `rediss://`, of Redis or Valkey. */
  readonly url: string;
  /** The longest that a command may hold up. */
  readonly timeoutMs: number;
  /** Each is told once, not with each command. */
  readonly onStateChange: (state: 'lost' | 'recovered') => void;
}

export type RedisClient = ReturnType<typeof connect>;

/** A Redis that one can do without: it never throws and never waits long. */
export interface GuardedRedis {
  /** Runs a command, unless Redis is being left alone; undefined for anything but a good answer. */
  attempt<Value>(command: (client: RedisClient) => Promise<Value>): Promise<Value | undefined>;
  close(): void;
}

/** How long it is left alone after it failed. */
const pauseMs = 1_000;
const connectTimeoutMs = 1_000;
const late = new Error('late');

export function createGuardedRedis({ url, timeoutMs, onStateChange }: GuardedRedisOptions): GuardedRedis {
  let client = connect(url);
  let connectedAt = performance.now();
  let isLost = false;
  // One failure is enough: the next command tries again after the pause.
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
      onStateChange(isLost ? 'lost' : 'recovered');
    },
  });

  return {
    async attempt(command) {
      const used = client;
      const report = breaker.enter();
      if (report === undefined) return undefined;
      const timer = new AbortController();
      try {
        const timeOver = delay(timeoutMs, undefined, { signal: timer.signal }).then(() => {
          throw late;
        });
        const value = await Promise.race([command(used), timeOver]);
        report('success');
        return value;
      } catch (error) {
        report('failure');
        // What a connection owes that is late may never come, or never end; and one may never become ready.
        const isStuck = !client.isReady && performance.now() - connectedAt > connectTimeoutMs;
        if (used === client && client.isOpen && (error === late || isStuck)) {
          client.destroy();
          client = connect(url);
          connectedAt = performance.now();
        }
        return undefined;
      } finally {
        timer.abort();
      }
    },
    close: () => client.destroy(),
  };
}

function connect(url: string) {
  const client = createClient({
    url,
    // Without a connection commands fail at once instead of piling up.
    disableOfflineQueue: true,
    commandsQueueMaxLength: 10_000,
    socket: {
      connectTimeout: connectTimeoutMs,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, pauseMs),
    },
  });
  // Its errors name the host; what matters of them is in the breaker's state.
  client.on('error', () => {});
  // Settles only when it is connected, or closed.
  client.connect().catch(() => {});
  return client;
}
