import { createRedisClient } from '../../../shared/redis/redis-client.ts';
import { parseRedisUrl } from '../../../shared/redis/redis-url.ts';

export interface FenceListenerOptions {
  /** `redis://` or `rediss://`, of Redis or Valkey. */
  readonly url: string;
  readonly channel: string;
  /** Gets each message, whoever sent it. */
  readonly onMessage: (message: unknown) => void;
  /** It listens again from now on: messages may have been missed before. */
  readonly onListening: () => void;
}

export interface FenceListener {
  close(): void;
}

const connectTimeoutMs = 1_000;
const maxReconnectDelayMs = 1_000;
/** A connection whose other side is gone is noticed within three of them. */
const pingIntervalMs = 2_000;

/**
 * Listens to the writes of other replicas, on a connection of its own: one that listens does nothing else.
 *
 * By publish and subscribe rather than `CLIENT TRACKING`: one message a write, whatever each replica keeps, where Redis
 * would have to remember every key that a replica has read. `npm run bench:fences` prints what both cost.
 */
export function createFenceListener(options: FenceListenerOptions): FenceListener {
  const { url, channel, onMessage, onListening } = options;
  const address = parseRedisUrl(url);
  if (address === undefined) throw new TypeError('expected a redis:// or rediss:// URL');
  const client = createRedisClient(address, {
    connectTimeout: connectTimeoutMs,
    reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, maxReconnectDelayMs),
    pingInterval: pingIntervalMs,
    socketTimeout: 3 * pingIntervalMs,
  });
  let isSubscribed = false;
  let retry: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function subscribe(): Promise<void> {
    try {
      await client.subscribe(channel, (text) => onMessage(parse(text)));
      isSubscribed = true;
      onListening();
    } catch {
      // Not allowed, or not connected any more. That commands fail is reported by those who send them.
      if (!isClosed)
        retry = setTimeout(() => void (client.isReady && subscribe()), maxReconnectDelayMs).unref();
    }
  }

  // The client subscribes again by itself, before it is ready.
  client.on('ready', () => (isSubscribed ? onListening() : void subscribe()));
  client.on('error', () => {});
  // Settles only when it is connected, or closed.
  client.connect().catch(() => {});

  return {
    close() {
      isClosed = true;
      clearTimeout(retry);
      // A socket that is only just connecting outlives `destroy`.
      const destroy = () => void (client.isOpen && client.destroy());
      if (client.isReady) destroy();
      else client.once('connect', destroy).once('error', destroy);
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
