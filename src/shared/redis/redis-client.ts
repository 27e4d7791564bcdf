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
  /** How long to wait before the next try to connect, in milliseconds; false to give up. */
  readonly reconnectStrategy: false | ((retries: number) => number);
}

export type RedisClient = ReturnType<typeof createRedisClient>;

/** A client of Redis or Valkey that is not connected yet. */
export function createRedisClient(address: RedisAddress, options: ConnectOptions) {
  const { host, port, isTls, username, password, database } = address;
  return createClient({
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    database,
    socket: isTls ? { ...options, host, port, tls: true } : { ...options, host, port },
    // Without a connection commands fail at once instead of piling up.
    disableOfflineQueue: true,
    commandsQueueMaxLength: 10_000,
    // Only Redis Enterprise has them, and asking for them looks the host up once more, an IPv6 address as a name.
    maintNotifications: 'disabled',
  });
}

/** Whether Redis has answered, with an error; anything else is the connection's. */
export function isErrorReply(error: unknown): error is Error {
  return error instanceof ErrorReply;
}

/**
 * What went wrong, without the host: the code that an error reply of Redis begins with, such as `READONLY`, the
 * code of Node.js, such as `ECONNREFUSED`, or `timeout`, `closed` or `unknown`.
 */
export function codeOf(error: unknown): string {
  if (error instanceof ErrorReply) {
    // What an access list forbids to a script.
    if (/^ERR .*(ACL failure in script|user executing the script)/.test(error.message)) return 'NOPERM';
    // Redis 6 wraps the error that a script runs into.
    return /^(?:ERR Error running script.*?-)?([A-Z]{2,32})\b/.exec(error.message)?.[1] ?? 'ERR';
  }
  if (error instanceof ConnectionTimeoutError) return 'timeout';
  if (error instanceof SocketClosedUnexpectedlyError) return 'closed';
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}
