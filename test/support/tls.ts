import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';
import { onTestFinished } from 'vitest';
import { isMissing } from './processes.ts';

export const isOpenSslMissing = isMissing('openssl', 'version');

export interface TestCertificate {
  /** In PEM, for NODE_EXTRA_CA_CERTS. */
  readonly path: string;
  readonly keyPath: string;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/**
 * Creates a certificate that is valid for some days from now; a negative number makes an expired one.
 *
 * @param issuer signs it. @default it is signed by itself
 */
export function createCertificate(host: string, days: number, issuer?: TestCertificate): TestCertificate {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [key, request, path] = ['key.pem', 'request.pem', 'cert.pem'].map((name) => join(folder, name));
  if (key === undefined || request === undefined || path === undefined) throw new Error('Three, please');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key];
  openssl('req', '-new', ...newKey, '-subj', `/CN=${host}`, '-out', request);
  const signature = issuer ? ['-CA', issuer.path, '-CAkey', issuer.keyPath] : ['-signkey', key];
  openssl('x509', '-req', '-in', request, ...signature, '-days', String(days), '-out', path);
  return { path, keyPath: key, cert: readFileSync(path), key: readFileSync(key) };
}

function openssl(...args: string[]): void {
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl ${args[0]}: ${stderr}`);
}

/** Puts TLS in front of a plain server. Returns `https://localhost:…`. */
export async function startTlsProxy(
  { cert, key }: TestCertificate,
  url: string,
  options: TlsOptions = {},
): Promise<string> {
  const server = createServer({ ...options, cert, key }, (socket) => {
    const upstream = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => upstream.destroy()).pipe(upstream);
    upstream.on('error', () => socket.destroy()).pipe(socket);
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => {
    server.listen(0, 'localhost', resolve);
  });
  onTestFinished(() => void server.close());
  return `https://localhost:${(server.address() as AddressInfo).port}`;
}
