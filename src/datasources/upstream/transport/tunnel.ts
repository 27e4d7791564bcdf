import { request } from 'node:http';
import type { Socket } from 'node:net';

/** The proxy has answered a CONNECT with something other than a 2xx. */
export class ProxyRefusal extends Error {
  override readonly name = 'ProxyRefusal';
  readonly status: number;
  /** Such as `proxy_407`. */
  readonly code: string;

  constructor(status: number) {
    super(`The proxy answered ${status}`);
    this.status = status;
    this.code = `proxy_${status}`;
  }
}

export interface TunnelOptions {
  /** Connected to the proxy; the tunnel owns it. */
  readonly socket: Socket;
  /** The target's host and port. */
  readonly authority: string;
  /** Headers for the proxy. */
  readonly headers: Readonly<Record<string, string>>;
  /** The longest that the proxy may take to answer, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Asks a proxy for a tunnel (RFC 9110, section 9.3.6).
 *
 * @returns the socket, which now leads to the authority
 * @throws {ProxyRefusal} and an Error with the code `ETIMEDOUT` or another one of Node's; the socket is closed then
 */
export function openTunnel(options: TunnelOptions): Promise<Socket> {
  const { socket, authority, headers, timeoutMs } = options;
  return new Promise((resolve, reject) => {
    const outgoing = request({
      method: 'CONNECT',
      path: authority,
      setHost: false,
      headers: { host: authority, ...headers },
      createConnection: () => socket,
    });
    const timer = setTimeout(() => {
      outgoing.destroy(Object.assign(new Error('The proxy does not answer'), { code: 'ETIMEDOUT' }));
    }, timeoutMs);
    outgoing.once('connect', ({ statusCode = 0 }, tunnel, head) => {
      clearTimeout(timer);
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        reject(new ProxyRefusal(statusCode));
        return;
      }
      if (head.length > 0) tunnel.unshift(head);
      resolve(socket);
    });
    outgoing.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    outgoing.end();
  });
}
