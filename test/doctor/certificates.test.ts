import { writeFileSync } from 'node:fs';
import type { TlsOptions } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { createSandbox } from '../../src/sandbox/index.ts';
import { runDoctor } from '../support/doctor.ts';
import { clinic } from '../support/gateway.ts';
import { createCertificate, isOpenSslMissing, startTlsProxy } from '../support/tls.ts';
import type { TestCertificate } from '../support/tls.ts';

/** What the doctor says of Bluejay behind a certificate, from TLS on. */
async function examineTls(
  certificate: TestCertificate,
  environment: Record<string, string> = {},
  options: TlsOptions = {},
) {
  const sandbox = await createSandbox();
  onTestFinished(() => sandbox.close());
  const { exitCode, lines } = await runDoctor({
    BLUEJAY_BASE_URL: await startTlsProxy(certificate, sandbox.url, options),
    BLUEJAY_API_KEY: clinic.apiKey,
    ...environment,
  });
  return { exitCode, all: lines, lines: lines.slice(lines.findIndex((line) => / TLS /.test(line))) };
}

/** The same of a certificate that is signed by itself, which this machine trusts or does not. */
function examineCertificate(host: string, days: number, isTrusted: boolean) {
  const certificate = createCertificate(host, days);
  return examineTls(certificate, isTrusted ? { NODE_EXTRA_CA_CERTS: certificate.path } : {});
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

test.skipIf(isOpenSslMissing)(
  'an authority that is not known is named as the problem, until it is',
  async () => {
    const authority = createCertificate('Example Authority', 90);
    const certificate = createCertificate('localhost', 90, authority);
    const unknown = await examineTls(certificate);
    expect(unknown.lines.slice(0, 2)).toEqual([
      'PROBLEM TLS The certificate of localhost is signed by an authority that this machine does not know.',
      "→ A company's proxy may open the encryption: name its certificate in NODE_EXTRA_CA_CERTS.",
    ]);
    expect(unknown.exitCode).toBe(1);
    const known = await examineTls(certificate, { NODE_EXTRA_CA_CERTS: authority.path });
    expect(known.all).toContain('ok authorities NODE_EXTRA_CA_CERTS adds 1 to the known authorities');
    expect(known.lines[0]).toMatch(/^ok TLS /);
    expect(known.exitCode).toBe(0);
  },
);

test.skipIf(isOpenSslMissing).each([
  ['TLSv1.3', 'localhost wants a client certificate, and the gateway has none'],
  ['TLSv1.2', 'localhost breaks the TLS handshake off'],
] as const)('a client certificate that is asked for is the problem, with %s', async (maxVersion, text) => {
  const certificate = createCertificate('localhost', 90);
  const environment = { NODE_EXTRA_CA_CERTS: certificate.path };
  const asked = { maxVersion, requestCert: true, rejectUnauthorized: true };
  const { exitCode, lines } = await examineTls(certificate, environment, asked);
  expect(lines[0]).toContain(`PROBLEM TLS ${text}`);
  expect(lines[0]).toContain('client certificate');
  expect(lines[1]).toMatch(/^→ Ask for access without one/);
  expect(exitCode).toBe(1);
  // One that need not be there is none, and a server that keeps no sessions does not hold the doctor up.
  const optional = { maxVersion, requestCert: true, rejectUnauthorized: false };
  expect((await examineTls(certificate, environment, optional)).exitCode).toBe(0);
});

test.skipIf(isOpenSslMissing)(
  'NODE_TLS_REJECT_UNAUTHORIZED=0 is a warning, and what it hides is said',
  async () => {
    const environment = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    const { exitCode, all } = await examineTls(createCertificate('localhost', 90), environment);
    expect(all).toContain(
      'note verification NODE_TLS_REJECT_UNAUTHORIZED=0: no certificate is checked, so anyone on the way can take the API key',
    );
    expect(all).toContain(
      'note TLS TLSv1.3, accepted for NODE_TLS_REJECT_UNAUTHORIZED=0 alone: The certificate of localhost is signed by itself: nobody vouches for it.',
    );
    expect(all).toContain('ok API key Bluejay accepts it');
    expect(exitCode).toBe(0);
  },
);

test.skipIf(isOpenSslMissing).each([
  ['that is not there', () => '/nowhere/ca.pem', 'cannot be read (ENOENT)'],
  ['that is a folder', () => '/tmp', 'cannot be read (EISDIR)'],
  ['without a certificate', ({ keyPath }: TestCertificate) => keyPath, 'has no certificate in PEM in it'],
  [
    'that is broken',
    ({ path }: TestCertificate) => {
      writeFileSync(path, '-----BEGIN CERTIFICATE-----\nY2FuYXJ5\n-----END CERTIFICATE-----\n');
      return path;
    },
    'has a certificate in it that is broken',
  ],
])('a file %s in NODE_EXTRA_CA_CERTS is a problem', async (_name, prepare, text) => {
  const path = prepare(createCertificate('localhost', 90));
  const { exitCode, lines } = await runDoctor({ NODE_EXTRA_CA_CERTS: path });
  expect(lines).toContain(
    `PROBLEM authorities The file of NODE_EXTRA_CA_CERTS ${text}: Node.js goes on without it.`,
  );
  expect(exitCode).toBe(1);
});
