import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { createBreaker } from '../resilience/breaker.ts';
import { decodeEntry, encodeEntry } from './entry.ts';
import type { CacheEntry } from './entry.ts';
import { usableUntil } from './freshness.ts';

export interface SharedStoreOptions {
  /** `redis://` or `rediss://`, of Redis or Valkey. */
  readonly url: string;
  /** The longest that a read or a write may hold up. */
  readonly timeoutMs: number;
  readonly onStateChange: (state: SharedStoreState) => void;
}

/** `garbage`: it holds something that no replica of this version wrote. Each is told once, not each time. */
export type SharedStoreState = 'lost' | 'recovered' | 'garbage';

/** Answers shared between replicas. It never throws and never waits long: without it there is one tier less. */
export interface SharedStore {
  get(key: string, id: string): Promise<CacheEntry | undefined>;
  set(key: string, entry: CacheEntry, now: number): void;
  delete(key: string): void;
  close(): void;
}

/** Changes with the form of an entry, so that replicas of two versions do not read each other's. */
const prefix = 'bluejay-graphql:1:';

/** How long the store is left alone after it failed. */
const pauseMs = 1_000;

export function createSharedStore({ url, timeoutMs, onStateChange }: SharedStoreOptions): SharedStore {
  let client = connect(url);
  let connectedAt = performance.now();
  let isLost = false;
  let sawGarbage = false;
  // One failure is enough: the next read tries again after the pause.
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

  /** Runs a command, unless the store is being left alone; undefined for anything but a good answer. */
  async function attempt<Value>(command: () => Promise<Value>): Promise<Value | undefined> {
    const used = client;
    const report = breaker.enter();
    if (report === undefined) return undefined;
    const timer = new AbortController();
    try {
      const timeOver = delay(timeoutMs, undefined, { signal: timer.signal }).then(() => {
        throw late;
      });
      const value = await Promise.race([command(), timeOver]);
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
  }

  return {
    async get(key, id) {
      const encoded = await attempt(() => client.get(prefix + key).catch(garbageIfOfWrongType));
      if (encoded === undefined || encoded === null) return undefined;
      const entry = decodeEntry(encoded, id);
      // A miss: what is read from Bluejay instead takes its place.
      if (entry === undefined && !sawGarbage) onStateChange('garbage');
      sawGarbage = entry === undefined;
      return entry;
    },
    set(key, entry, now) {
      const ttlMs = Math.ceil(usableUntil(entry) - now);
      if (ttlMs <= 0) return;
      void attempt(() =>
        client.set(prefix + key, encodeEntry(entry), { expiration: { type: 'PX', value: ttlMs } }),
      );
    },
    delete: (key) => void attempt(() => client.del(prefix + key)),
    close: () => client.destroy(),
  };
}

const late = new Error('late');
const connectTimeoutMs = 1_000;

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

/** A list or a hash under our key is garbage, and no failure of the store. */
function garbageIfOfWrongType(error: unknown): string {
  if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return '';
  throw error;
}
