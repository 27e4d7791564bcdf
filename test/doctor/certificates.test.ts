import { expect, onTestFinished, test } from 'vitest';
import { createSandbox } from '../../src/sandbox/index.ts';
import { runDoctor } from '../support/doctor.ts';
import { clinic } from '../support/gateway.ts';
import { createCertificate, isOpenSslMissing, startTlsProxy } from '../support/tls.ts';

/** What the doctor says of Bluejay behind a certificate, which this machine trusts or does not. */
async function examineCertificate(host: string, days: number, isTrusted: boolean) {
  const sandbox = await createSandbox();
  onTestFinished(() => sandbox.close());
  const certificate = createCertificate(host, days);
  const { exitCode, lines } = await runDoctor({
    BLUEJAY_BASE_URL: await startTlsProxy(certificate, sandbox.url),
    BLUEJAY_API_KEY: clinic.apiKey,
    ...(isTrusted ? { NODE_EXTRA_CA_CERTS: certificate.path } : {}),
  });
  return { exitCode, lines: lines.slice(3) };
}

const wellBehind = ["ok API Bluejay's API answers", 'ok API key Bluejay accepts it'];

test.skipIf(isOpenSslMissing)(
  'certificates (skipped without openssl): a good one is said to be, and until when',
  async () => {
    const { exitCode, lines } = await examineCertificate('localhost', 90, true);
    expect(lines[0]).toMatch(/^ok TLS TLSv1\.3, certificate valid until \d{4}-\d\d-\d\d$/);
    expect(lines.slice(1, 3)).toEqual(wellBehind);
    expect(exitCode).toBe(0);
  },
);

test.skipIf(isOpenSslMissing)('a certificate that ends soon is worth a note, and no problem', async () => {
  const { exitCode, lines } = await examineCertificate('localhost', 3, true);
  expect(lines[0]).toMatch(/^note TLS TLSv1\.3, certificate valid until /);
  expect(lines[1]).toBe('→ It ends in 2 days. The other side has to renew it by then.');
  expect(lines.slice(2, 4)).toEqual(wellBehind);
  expect(exitCode).toBe(0);
});

test.skipIf(isOpenSslMissing).each([
  [
    'signed by itself',
    { host: 'localhost', days: 90, isTrusted: false },
    'The certificate of localhost is signed by itself: nobody vouches for it.',
    'If it is yours, name it in NODE_EXTRA_CA_CERTS; if not, something else answers in its place.',
  ],
  [
    'that has expired',
    { host: 'localhost', days: -1, isTrusted: true },
    'The certificate of localhost has expired.',
    'Check the clock of this machine; if it is right, the other side must renew its certificate.',
  ],
  [
    'for another host',
    { host: 'elsewhere.example', days: 90, isTrusted: true },
    'The certificate is for another host than localhost.',
    'Check the host; if it is right, something else answers in its place.',
  ],
])(
  'a certificate %s is a problem, and no key is sent',
  async (_name, { host, days, isTrusted }, text, advice) => {
    const { exitCode, lines } = await examineCertificate(host, days, isTrusted);
    expect(lines.slice(0, 2)).toEqual([`PROBLEM TLS ${text}`, `→ ${advice}`]);
    expect(lines.join('\n')).not.toContain('API');
    expect(exitCode).toBe(1);
  },
);
