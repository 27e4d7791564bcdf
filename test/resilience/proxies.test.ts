import { expect, onTestFinished, test } from 'vitest';
import { query } from '../../examples/frontend/client.ts';
import { personaQuery } from '../../examples/frontend/operations.ts';
import { createSandbox } from '../../src/sandbox/index.ts';
import { clinic, exampleId } from '../support/gateway.ts';
import { startMain } from '../support/main.ts';
import { findFreePort } from '../support/ports.ts';
import { startProxy } from '../support/proxy.ts';
import { createCertificate, isOpenSslMissing, startTlsProxy } from '../support/tls.ts';

/** The program with that environment, on a sandbox unless it says otherwise. */
async function start(environment: Record<string, string>) {
  const main = await startMain({
    LOG_FORMAT: 'json',
    BLUEJAY_API_KEY: clinic.apiKey,
    ...environment,
  });
  await expect.poll(main.output, { timeout: 30_000 }).toContain('"listening"');
  const listening =
    main
      .output()
      .split('\n')
      .find((line) => line.includes('"listening"')) ?? '{}';
  return {
    output: main.output,
    listening: JSON.parse(listening) as Record<string, unknown>,
    read: () => query(personaQuery, { id: exampleId }, { url: `${main.url}/graphql`, headers: {} }),
  };
}

async function startSandbox() {
  const sandbox = await createSandbox();
  onTestFinished(() => sandbox.close());
  return sandbox;
}

/** A sandbox behind TLS, and the environment that makes a program trust it. */
async function startTlsSandbox() {
  const sandbox = await startSandbox();
  const certificate = createCertificate('localhost', 90);
  const url = await startTlsProxy(certificate, sandbox.url);
  return { sandbox, certificate, url, trust: { NODE_EXTRA_CA_CERTS: certificate.path } };
}

const found = { data: { persona: { id: exampleId } } };

test('http goes through HTTP_PROXY, whose credentials are for the proxy alone and are printed nowhere', async () => {
  const { url, requests } = await startSandbox();
  const authorization = `Basic ${Buffer.from('gate way:canary@pass').toString('base64')}`;
  const proxy = await startProxy({ authorization });
  const HTTP_PROXY = proxy.url.replace('//', '//gate%20way:canary%40pass@');
  const gateway = await start({ BLUEJAY_BASE_URL: url, HTTP_PROXY });
  expect(await gateway.read()).toMatchObject(found);
  expect(proxy.requests).toEqual([`GET ${url}/v1/customer-persona/${exampleId}`]);
  expect(requests[0]?.headers).toMatchObject({ host: new URL(url).host, 'x-api-key': clinic.apiKey });
  expect(JSON.stringify(requests[0]?.headers)).not.toContain('authorization');
  expect(gateway.listening).toMatchObject({ route: 'proxy', proxy: proxy.url });
  expect(gateway.output()).not.toMatch(new RegExp(`canary|${authorization.slice(6)}`));
});

test.skipIf(isOpenSslMissing)(
  'https (skipped without openssl) goes through a tunnel of https_proxy, which sees neither key nor path',
  async () => {
    const { url, trust, sandbox } = await startTlsSandbox();
    const proxy = await startProxy();
    const gateway = await start({ BLUEJAY_BASE_URL: url, https_proxy: proxy.url, ...trust });
    expect(await gateway.read()).toMatchObject(found);
    expect(await gateway.read()).toMatchObject(found);
    // The second read has used the same tunnel.
    expect(proxy.requests).toEqual([`CONNECT ${new URL(url).host}`]);
    expect(Object.keys(proxy.headers())).not.toContain('x-api-key');
    expect(sandbox.requests).toHaveLength(2);
  },
);

test.skipIf(isOpenSslMissing)(
  'a proxy may itself be spoken to over TLS, for https and for http',
  async () => {
    const { url, trust, sandbox, certificate } = await startTlsSandbox();
    const proxy = await startProxy({ certificate, authorization: 'Basic dXNlcjo=' });
    const address = proxy.url.replace('//', '//user@');
    const [secure, plain] = await Promise.all([
      start({ BLUEJAY_BASE_URL: url, HTTPS_PROXY: address, ...trust }),
      start({ BLUEJAY_BASE_URL: sandbox.url, HTTP_PROXY: address, ...trust }),
    ]);
    expect(await secure.read()).toMatchObject(found);
    expect(await plain.read()).toMatchObject(found);
    expect(proxy.requests.map((line) => line.split(' ')[0])).toEqual(['CONNECT', 'GET']);
  },
);

test.skipIf(isOpenSslMissing)('a certificate is checked behind a tunnel too', async () => {
  const { url } = await startTlsSandbox();
  const proxy = await startProxy();
  const gateway = await start({ BLUEJAY_BASE_URL: url, HTTPS_PROXY: proxy.url });
  expect(await gateway.read()).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }] });
  await expect.poll(gateway.output).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
});

test.skipIf(isOpenSslMissing)(
  'a proxy that refuses, hangs or is gone is an outage, and it heals',
  async () => {
    const { url, trust, sandbox } = await startTlsSandbox();
    const [proxy, silent] = [await startProxy(), await startProxy()];
    silent.hang();
    const nowhere = `http://127.0.0.1:${await findFreePort()}`;
    const secureBy = (HTTPS_PROXY: string) => ({ BLUEJAY_BASE_URL: url, HTTPS_PROXY, ...trust });
    const [secure, plain, lost, waiting] = await Promise.all([
      start(secureBy(proxy.url)),
      start({ BLUEJAY_BASE_URL: sandbox.url, HTTP_PROXY: proxy.url }),
      start(secureBy(nowhere)),
      start({ ...secureBy(silent.url), BLUEJAY_TIMEOUT_MS: '1000' }),
    ]);
    for (const status of [407, 502, 503]) {
      proxy.refuse(status);
      for (const { read } of [secure, plain]) {
        // oxlint-disable-next-line no-await-in-loop
        const { data, errors } = await read();
        expect(data).toEqual({ persona: null });
        expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }]);
        expect(JSON.stringify(errors)).not.toMatch(/canary|127\.0\.0\.1|localhost/);
      }
      // oxlint-disable-next-line no-await-in-loop
      await expect.poll(secure.output).toContain(`proxy_${status}`);
      // oxlint-disable-next-line no-await-in-loop
      await expect.poll(plain.output).toContain(`http_${status}`);
    }
    proxy.refuse(undefined);
    expect(await secure.read()).toMatchObject(found);
    expect(await plain.read()).toMatchObject(found);

    expect(await lost.read()).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }] });
    expect(await waiting.read()).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_TIMEOUT' } }] });
  },
);

test('NO_PROXY makes the way direct, and so does no proxy; the sandbox is never behind one', async () => {
  const { url } = await startSandbox();
  const HTTP_PROXY = `http://127.0.0.1:${await findFreePort()}`;
  const [exempt, main] = await Promise.all([
    start({ BLUEJAY_BASE_URL: url, HTTP_PROXY, NO_PROXY: 'example.com, 127.0.0.0/8' }),
    startMain({ HTTP_PROXY, HTTPS_PROXY: HTTP_PROXY }),
  ]);
  expect(await exempt.read()).toMatchObject(found);
  expect(exempt.listening).toMatchObject({ route: 'direct' });
  await expect.poll(main.output, { timeout: 30_000 }).toContain('listening');
  const answer = await query(personaQuery, { id: exampleId }, { url: `${main.url}/graphql`, headers: {} });
  expect(answer).toMatchObject(found);
});
