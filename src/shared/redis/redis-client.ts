import {
  ConnectionTimeoutError,
  createClient,
  ErrorReply,
  SocketClosedUnexpectedlyError,
} from '@redis/client';
import type { RedisAddress } from './redis-url.ts';

interface ConnectOptions {
  /** Milliseconds; 0 for no limit. */
  readonly connectTimeout: number;
  /** The delay before the next attempt to connect, in milliseconds; false for none. */
  readonly reconnectStrategy: false | ((retries: number) => number);
  /** How often to ask whether the other side is still there, in milliseconds. @default never */
  readonly pingInterval?: number;
  /** A connection that is silent for so long is given up, in milliseconds. @default never */
  readonly socketTimeout?: number;
}

/** What is used of the client. Declared here, so that the types of this package do without the optional one. */
export interface RedisClient {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: 'connect' | 'ready' | 'error', listener: (error: unknown) => void): this;
  once(event: 'connect' | 'ready' | 'error', listener: (error: unknown) => void): this;
  get(key: string): Promise<string | null>;
  /** Stores a value for some milliseconds; with `NX` only where there is none. */
  set(
    key: string,
    value: string,
    options: { expiration: { type: 'PX'; value: number }; condition?: 'NX' },
  ): Promise<string | null>;
  del(key: string): Promise<number>;
  pTTL(key: string): Promise<number>;
  publish(channel: string, message: string): Promise<number>;
  subscribe(channel: string, listener: (message: string) => void): Promise<void>;
}

/** Creates a client of Redis or Valkey that is not connected. */
export function createRedisClient(
  address: RedisAddress,
  { pingInterval, ...options }: ConnectOptions,
): RedisClient {
  const { host, port, isTls, username, password, database } = address;
  return createClient({
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    database,
    ...(pingInterval !== undefined && { pingInterval }),
    socket: isTls ? { ...options, host, port, tls: true } : { ...options, host, port },
    // Without a connection commands fail at once instead of queueing.
    disableOfflineQueue: true,
    commandsQueueMaxLength: 10_000,
    // Only Redis Enterprise sends them; to enable them resolves the host again, even an IPv6 address.
    maintNotifications: 'disabled',
  });
}

/** Whether an error is an answer of Redis, and not a failure of the connection. */
export function isErrorReply(error: unknown): error is Error {
  return error instanceof ErrorReply;
}

/**
 * Returns the code of an error, without the host: of an error reply of Redis, such as `READONLY`, of Node.js, such as
 * `ECONNREFUSED`, or `timeout`, `closed` or `unknown`.
 */
export function codeOf(error: unknown): string {
  if (error instanceof ErrorReply) {
    // An access list forbids a command to a script.
    if (/^ERR .*(ACL failure in script|user executing the script)/.test(error.message)) return 'NOPERM';
    // Redis 6 wraps the error of a script.
    return /^(?:ERR Error running script.*?-)?([A-Z]{2,32})\b/.exec(error.message)?.[1] ?? 'ERR';
  }
  if (error instanceof ConnectionTimeoutError) return 'timeout';
  if (error instanceof SocketClosedUnexpectedlyError) return 'closed';
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
