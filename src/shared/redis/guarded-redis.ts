import { parseRedisUrl } from './redis-url.ts';
import type { RedisAddress } from './redis-url.ts';
import { codeOf, createRedisClient, isErrorReply } from './redis-client.ts';
import type { RedisClient } from './redis-client.ts';
import { createRedisHealth } from './redis-health.ts';
import type { CommandKind, RedisHealthOptions } from './redis-health.ts';

export interface GuardedRedisOptions extends Pick<RedisHealthOptions, 'onStateChange' | 'retryMs'> {
  /** `redis://` or `rediss://`, of Redis or Valkey. */
  readonly url: string;
  /** The longest that a command may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** An optional Redis: it never throws and never waits long. */
export interface GuardedRedis {
  /**
   * Sends a command, unless commands of its kind have just failed.
   *
   * @returns the reply, or undefined without one: then Redis may still execute the command
   */
  attempt<Value>(
    kind: CommandKind,
    command: (client: RedisClient) => Promise<Value>,
  ): Promise<Value | undefined>;
  /** When a command last got no reply, on the clock of `performance.now()`. */
  readonly unansweredAtMs: number;
  close(): void;
}

interface Connection {
  readonly client: RedisClient;
  readonly openedAtMs: number;
  /** Whether its socket is connected, which is before it is ready. */
  isConnected: boolean;
  /** The code of the failure that keeps it from being ready. */
  failure: string | undefined;
}

const connectTimeoutMs = 1_000;
const maxReconnectDelayMs = 1_000;
/** The least time between two looks for another primary behind the same address. */
const failoverIntervalMs = 5_000;
const late = new Error('late');
const now = () => performance.now();

/**
 * Connects to a Redis in the background.
 *
 * @throws a TypeError without the URL, where the URL is malformed
 */
export function createGuardedRedis({
  url,
  timeoutMs,
  retryMs,
  onStateChange,
}: GuardedRedisOptions): GuardedRedis {
  const address = readAddress(url);
  const health = createRedisHealth({ now, retryMs, onStateChange });
  let connection = connect(address);
  let successor: Connection | undefined;
  let failoverAtMs = -Infinity;
  let unansweredAtMs = -Infinity;
  let isClosed = false;

  /** Replaces a connection that does not answer, or does not become ready: it may never do so. */
  function replaceConnection(): void {
    dispose(connection);
    connection = connect(address);
  }

  /** Connects to the new primary after a failover. The old connection serves reads until the new one is ready. */
  function followFailover(): void {
    if (now() - failoverAtMs < failoverIntervalMs) return;
    failoverAtMs = now();
    if (successor !== undefined) dispose(successor);
    const next = connect(address);
    successor = next;
    next.client.once('ready', () => {
      const { client } = connection;
      connection = next;
      successor = undefined;
      health.retryRefused();
      // By then every command has its reply, or has timed out.
      setTimeout(() => client.destroy(), timeoutMs);
    });
  }

  function fail(kind: CommandKind, error: unknown, isCurrent: boolean): void {
    if (isErrorReply(error)) {
      if (!isCurrent) return;
      const code = codeOf(error);
      health.refuse(kind, code);
      if (code === 'READONLY') followFailover();
      return;
    }
    unansweredAtMs = now();
    if (!isCurrent || isClosed) return;
    if (error !== late) return health.lose(codeOf(error));
    replaceConnection();
    health.timeOut();
  }

  return {
    async attempt(kind, command) {
      // Reads in the background may outlive the gateway and must not connect again.
      if (isClosed) return undefined;
      const { client, openedAtMs, failure } = connection;
      if (!client.isReady) {
        const isStuck = now() - openedAtMs > connectTimeoutMs;
        // A connection that has just been opened is not lost.
        if (failure !== undefined || isStuck) health.lose(failure ?? 'timeout');
        if (isStuck) replaceConnection();
        return undefined;
      }
      if (!health.admit(kind)) return undefined;
      const { promise: timeOver, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(reject, timeoutMs, late);
      try {
        const value = await Promise.race([command(client), timeOver]);
        if (client === connection.client) health.succeed(kind);
        return value;
      } catch (error) {
        fail(kind, error, client === connection.client);
        return undefined;
      } finally {
        clearTimeout(timer);
      }
    },
    get unansweredAtMs() {
      return unansweredAtMs;
    },
    close() {
      isClosed = true;
      dispose(connection);
      if (successor !== undefined) dispose(successor);
    },
  };
}

function readAddress(url: string): RedisAddress {
  const address = parseRedisUrl(url);
  if (address === undefined) throw new TypeError('expected a redis:// or rediss:// URL');
  return address;
}

function connect(address: RedisAddress): Connection {
  const client = createRedisClient(address, {
    connectTimeout: connectTimeoutMs,
    reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, maxReconnectDelayMs),
  });
  const connection: Connection = { client, openedAtMs: now(), isConnected: false, failure: undefined };
  client.on('error', (error: unknown) => {
    connection.isConnected = false;
    connection.failure = codeOf(error);
  });
  client.on('connect', () => {
    connection.isConnected = true;
  });
  client.on('ready', () => {
    connection.failure = undefined;
  });
  // Settles only when it is connected or closed.
  client.connect().catch(() => {});
  return connection;
}

/** Closes a connection, once it is connected: a socket that is connecting outlives `destroy`. */
function dispose({ client, isConnected }: Connection): void {
  const destroy = () => {
    if (client.isOpen) client.destroy();
  };
  if (isConnected) destroy();
  else client.once('connect', destroy).once('error', destroy);
}
