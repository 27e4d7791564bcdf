import { parseRedisUrl } from './redis-url.ts';
import type { RedisAddress } from './redis-url.ts';
import { codeOf, createRedisClient, isErrorReply } from './redis-client.ts';
import type { RedisClient } from './redis-client.ts';
import { createRedisHealth } from './redis-health.ts';
import type { CommandKind, RedisHealthOptions } from './redis-health.ts';

export interface GuardedRedisOptions extends Pick<RedisHealthOptions, 'onStateChange'> {
  /** `redis://` or `rediss://`, of Redis or Valkey. */
  readonly url: string;
  /** The longest that a command may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** A Redis that one can do without: it never throws and never waits long. */
export interface GuardedRedis {
  /**
   * Runs a command, unless commands of its kind have just failed.
   *
   * @returns the reply, or undefined where there is none: then Redis may still execute the command
   */
  attempt<Value>(
    kind: CommandKind,
    command: (client: RedisClient) => Promise<Value>,
  ): Promise<Value | undefined>;
  /** When a command was last left without a reply, on the clock of `performance.now()`. */
  readonly unansweredAtMs: number;
  close(): void;
}

interface Connection {
  readonly client: RedisClient;
  readonly openedAtMs: number;
  /** Whether its socket is connected; it may not be ready yet. */
  isConnected: boolean;
  /** Why it is not ready. */
  failure: string | undefined;
}

const connectTimeoutMs = 1_000;
const maxReconnectDelayMs = 1_000;
/** How often to look for another primary behind the same address. */
const failoverIntervalMs = 5_000;
const late = new Error('late');
const now = () => performance.now();

/** @throws a TypeError that does not hold the URL, where it cannot be read */
export function createGuardedRedis({ url, timeoutMs, onStateChange }: GuardedRedisOptions): GuardedRedis {
  const address = readAddress(url);
  const health = createRedisHealth({ now, onStateChange });
  let connection = connect(address);
  let successor: Connection | undefined;
  let failoverAtMs = -Infinity;
  let unansweredAtMs = -Infinity;
  let isClosed = false;

  /** What a connection owes may never come, or never end; and one may never become ready. */
  function replaceConnection(): void {
    dispose(connection);
    connection = connect(address);
  }

  /** After a failover the address leads to the new primary; this connection reads on until the next is ready. */
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
      // By then every command has its reply, or is late.
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
      // Reads in the background go on after the gateway has closed; they must not connect again.
      if (isClosed) return undefined;
      const { client, openedAtMs, failure } = connection;
      if (!client.isReady) {
        const isStuck = now() - openedAtMs > connectTimeoutMs;
        // One that is only just being made is not lost.
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
  // Settles only when it is connected, or closed.
  client.connect().catch(() => {});
  return connection;
}

/** Closes a connection. A socket that is only just connecting outlives `destroy`, so that has to wait. */
function dispose({ client, isConnected }: Connection): void {
  const destroy = () => {
    if (client.isOpen) client.destroy();
  };
  if (isConnected) destroy();
  else client.once('connect', destroy).once('error', destroy);
}
