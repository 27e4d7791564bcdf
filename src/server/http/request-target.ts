import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.ts';

/**
 * Returns the path of a request without decoding or resolving it, so that a route has exactly one spelling. Accepts the
 * absolute form, too, as a server must (RFC 9112, section 3.2.2).
 */
export function pathOf({ url = '' }: IncomingMessage): string {
  const path = url.startsWith('/') ? url : (/^https?:\/\/[^/?#]+(\/.*)?$/i.exec(url)?.[1] ?? url);
  const end = path.indexOf('?');
  return end === -1 ? path : path.slice(0, end);
}

/**
 * Checks what Node.js' parser accepts and HTTP/1.1 forbids.
 *
 * @returns the refusal of such a request, undefined for a correct one
 */
export function checkRequest(request: IncomingMessage): Refusal | undefined {
  const { httpVersionMajor, httpVersionMinor, headers, rawHeaders } = request;
  // The parser accepts HTTP/0.9 and 2.0.
  if (httpVersionMajor !== 1 || httpVersionMinor > 1) return unknownVersion;
  // The parser accepts every coding whose last part is `chunked` (RFC 9112, section 6.1).
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return unknownCoding;
  // HTTP/1.0 has no Host.
  if (headers.host === undefined) return httpVersionMinor === 0 ? undefined : notOneHost;
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  // Of two hosts, intermediaries may choose different ones (RFC 9112, section 3.2).
  return hosts === 1 ? undefined : notOneHost;
}

const close = { connection: 'close' };
const unknownVersion = new Refusal(505, 'BAD_REQUEST', 'Use HTTP/1.1.', close);
const unknownCoding = new Refusal(
  501,
  'BAD_REQUEST',
  'Send the body chunked or with a Content-Length.',
  close,
);
const notOneHost = new Refusal(400, 'BAD_REQUEST', 'Send one Host header.', close);
