/** The parts of a `redis://` or `rediss://` URL. */
export interface RedisAddress {
  /** A name, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  /** Decoded; undefined without one. */
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

/**
 * Parses `redis[s]://[[user]:password@]host[:port][/database]`. It is stricter than `@redis/client`, which throws
 * errors that hold the URL, and ignores a query or fragment: those come from a password that is not encoded.
 *
 * @returns undefined for any other text
 */
export function parseRedisUrl(text: string): RedisAddress | undefined {
  const url = URL.parse(text);
  if (url === null || !isRedisUrl(text)) return undefined;
  const { hostname, pathname, search, hash } = url;
  const host = /^(?:\[([\da-f:]+)\]|([\w.-]+))$/i.exec(hostname);
  const database = /^\/?(\d{0,9})$/.exec(pathname)?.[1];
  const username = decode(url.username);
  const password = decode(url.password);
  const port = Number(url.port || 6379);
  if (host === null || database === undefined || port === 0 || search !== '' || hash !== '') return undefined;
  if (username === undefined || password === undefined) return undefined;
  return {
    host: host[1] ?? host[2] ?? '',
    port,
    isTls: url.protocol === 'rediss:',
    username: username || undefined,
    password: password || undefined,
    database: Number(database),
  };
}

/** Whether a text begins with the scheme of Redis, in any case and after any spaces. */
export function isRedisUrl(text: string): boolean {
  return /^\s*rediss?:\/\//i.test(text);
}

function decode(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
