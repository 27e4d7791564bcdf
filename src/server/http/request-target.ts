import type { IncomingMessage } from 'node:http';

/**
 * A request's path as it was sent: nothing is decoded or resolved, so no other spelling reaches a route.
 * A server has to take the absolute form too (RFC 9112, section 3.2.2).
 */
export function pathOf({ url = '' }: IncomingMessage): string {
  const path = url.startsWith('/') ? url : (/^https?:\/\/[^/?#]+(\/.*)?$/i.exec(url)?.[1] ?? url);
  const end = path.indexOf('?');
  return end === -1 ? path : path.slice(0, end);
}

/** What the request line says: the parser takes HTTP/0.9 and 2.0, too. */
export function isVersionUnderstood({ httpVersionMajor, httpVersionMinor }: IncomingMessage): boolean {
  return httpVersionMajor === 1 && httpVersionMinor <= 1;
}

/** Whether a body is not coded but in chunks (RFC 9112, section 6.1): the parser takes all that ends with `chunked`. */
export function isTransferUnderstood({ headers }: IncomingMessage): boolean {
  const coding = headers['transfer-encoding'];
  return coding === undefined || coding.toLowerCase() === 'chunked';
}

/** Whether a request names its host once (RFC 9112, section 3.2): intermediaries may pick different ones of two. */
export function hasOneHost({ rawHeaders, httpVersionMinor, headers }: IncomingMessage): boolean {
  // HTTP/1.0 knows no Host.
  if (headers.host === undefined) return httpVersionMinor === 0;
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count === 1;
}
