import { spawn, spawnSync } from 'node:child_process';
import { expect, onTestFinished, test } from 'vitest';
import { createSandbox } from '../../src/sandbox/index.ts';
import { examine, runDoctor } from '../support/doctor.ts';
import { clinic } from '../support/gateway.ts';
import { bare } from '../support/main.ts';
import { findFreePort } from '../support/ports.ts';
import { programs } from '../support/programs.ts';
import { startProxy } from '../support/proxy.ts';
import { createCertificate, isOpenSslMissing, startTlsProxy } from '../support/tls.ts';

async function startSandbox() {
  const sandbox = await createSandbox();
  onTestFinished(() => sandbox.close());
  return sandbox;
}

test.skipIf(isOpenSslMissing)(
  'a tunnel (skipped without openssl) is gone through step by step, without the credentials',
  async () => {
    const certificate = createCertificate('localhost', 90);
    const url = await startTlsProxy(certificate, (await startSandbox()).url);
    const authorization = `Basic ${Buffer.from('user:canary').toString('base64')}`;
    const proxy = await startProxy({ certificate, authorization });
    const { output, lines, exitCode } = await runDoctor({
      BLUEJAY_BASE_URL: url,
      BLUEJAY_API_KEY: clinic.apiKey,
      NODE_EXTRA_CA_CERTS: certificate.path,
      HTTPS_PROXY: proxy.url.replace('//', '//user:canary@'),
    });
    const { host, port } = new URL(proxy.url);
    expect(lines[0]).toBe(
      `ok configuration Bluejay is asked at ${url} with the gateway's own key, through the proxy https://${host}`,
    );
    expect(lines[3]).toBe(`ok connection localhost answers on port ${port}`);
    expect(lines[4]).toMatch(/^ok proxy TLS TLSv1\.3/);
    expect(lines[5]).toBe(`ok proxy localhost opens a tunnel to ${new URL(url).host}`);
    expect(lines[6]).toMatch(/^ok TLS TLSv1\.3/);
    expect(lines).toContain('ok API key Bluejay accepts it');
    expect(output).not.toMatch(new RegExp(`canary|${authorization.slice(6)}`));
    expect(exitCode).toBe(0);
  },
);

test.each([
  [407, 'The proxy wants a user and a password, or refuses the ones that it gets.'],
  [403, 'The proxy refuses to connect to Bluejay (HTTP 403).'],
  [502, 'The proxy does not get through to Bluejay (HTTP 502).'],
])('a proxy that answers %i to a tunnel is the problem', async (status, text) => {
  const proxy = await startProxy();
  proxy.refuse(status);
  const environment = { BLUEJAY_BASE_URL: 'https://bluejay.invalid', HTTPS_PROXY: proxy.url };
  const { isWell, lines } = await examine(environment);
  expect(lines).toContain(`PROBLEM proxy ${text}`);
  expect(lines.join(' ')).not.toMatch(/canary| TLS /);
  expect(isWell).toBe(false);
});

test('a proxy that does not answer, or is not there, is the problem', async () => {
  const silent = await startProxy();
  silent.hang();
  const environment = { BLUEJAY_BASE_URL: 'https://bluejay.invalid' };
  const { port } = new URL(silent.url);
  const waiting = await examine({ ...environment, HTTPS_PROXY: silent.url }, 500);
  expect(waiting.lines).toContain(`PROBLEM proxy 127.0.0.1 does not answer on port ${port} in time.`);
  const nowhere = await findFreePort();
  const lost = await examine({ ...environment, HTTPS_PROXY: `http://127.0.0.1:${nowhere}` });
  expect(lost.lines.slice(2, 4)).toEqual([
    `PROBLEM connection Nothing listens on port ${nowhere} of 127.0.0.1.`,
    '→ Check the host and port in HTTPS_PROXY, and that what should listen there runs.',
  ]);
});

test('a plain request is handed to the proxy, and its refusal is told from Bluejay’s', async () => {
  const { url } = await startSandbox();
  const proxy = await startProxy({ authorization: 'Basic dXNlcjpwYXNz' });
  const environment = { BLUEJAY_BASE_URL: url, BLUEJAY_API_KEY: clinic.apiKey };
  const refused = await examine({ ...environment, HTTP_PROXY: proxy.url });
  expect(refused.lines).toContain(
    'PROBLEM API The proxy wants a user and a password, or refuses the ones that it gets.',
  );
  const admitted = await examine({ ...environment, HTTP_PROXY: proxy.url.replace('//', '//user:pass@') });
  expect(admitted.lines).toContain('ok API key Bluejay accepts it');
  const exempt = await examine({ ...environment, HTTP_PROXY: proxy.url, NO_PROXY: '127.0.0.1' });
  expect(exempt.isWell).toBe(true);
});

test('a reader that stops reading is no crash, and the exit code is the diagnosis', async () => {
  const { url } = await startSandbox();
  const env = { ...bare, BLUEJAY_BASE_URL: url, BLUEJAY_API_KEY: clinic.apiKey };
  const doctor = spawn('node', [programs.doctor], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  doctor.stdout.destroy();
  let complaints = '';
  doctor.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const exitCode = await new Promise((resolve) => {
    doctor.once('close', resolve);
  });
  expect(complaints).toBe('');
  expect(exitCode).toBe(0);
});

test('a full disk behind the findings is said once', () => {
  const { status, stderr } = spawnSync('sh', ['-c', `node "${programs.doctor}" > /dev/full`], {
    env: bare,
    encoding: 'utf8',
  });
  expect(stderr).toBe('bluejay-doctor: cannot write all of its findings (ENOSPC)\n');
  expect(status).toBe(0);
});
