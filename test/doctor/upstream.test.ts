import { expect, onTestFinished, test } from 'vitest';
import { createSandbox } from '../../src/sandbox/index.ts';
import type { Fault } from '../../src/sandbox/index.ts';
import { examine, runDoctor } from '../support/doctor.ts';
import { clinic, unknownId } from '../support/gateway.ts';
import { findFreePort } from '../support/ports.ts';
import { startTcpUpstream } from '../support/upstreams.ts';

async function startSandbox() {
  const sandbox = await createSandbox();
  onTestFinished(() => sandbox.close());
  return { sandbox, url: sandbox.url, port: new URL(sandbox.url).port };
}

const noCache = 'skipped cache CACHE_URL is not set: each replica keeps personas to itself';

test('all is well: each step with its time, exit code 0', async () => {
  const { url, port } = await startSandbox();
  const environment = { BLUEJAY_BASE_URL: url, BLUEJAY_API_KEY: clinic.apiKey };
  const { exitCode, output, lines } = await runDoctor(environment);
  expect(lines).toEqual([
    `ok configuration Bluejay is asked at ${url} with the gateway's own key, directly`,
    'ok DNS 127.0.0.1 is an address already',
    `ok connection 127.0.0.1 answers on port ${port}`,
    'skipped TLS BLUEJAY_BASE_URL is http: API keys travel unencrypted',
    "ok API Bluejay's API answers",
    'ok API key Bluejay accepts it',
    noCache,
    'All is well.',
  ]);
  expect(output.match(/ \(\d+ ms\)$/gm)).toHaveLength(5);
  expect(exitCode).toBe(0);
  expect(output).not.toContain(clinic.apiKey);
});

test('with nothing configured it says that the gateway answers from the sandbox', async () => {
  expect(await examine({})).toEqual({
    isWell: true,
    lines: [
      'note configuration nothing says where Bluejay is: the gateway answers from its sandbox, with invented personas',
      '→ For the real Bluejay set BLUEJAY_API_KEY, or BLUEJAY_AUTH=forward.',
      noCache,
    ],
  });
});

test('a wrong configuration is listed by variable, without values, and the exit code is 1', async () => {
  const { exitCode, lines } = await runDoctor({ BLUEJAY_API_KEY: 'canary,key', PORT: 'canary' });
  expect(exitCode).toBe(1);
  expect(lines).toEqual([
    'PROBLEM configuration The gateway would not start:',
    'PORT: expected a whole number from 0 to 65535',
    'BLUEJAY_API_KEY: expected 8 to 256 visible ASCII characters without a comma',
    '→ Correct these environment variables: docs/configuration.md and --help of the gateway describe them.',
    'The gateway would not work as it should: see PROBLEM.',
  ]);
});

test('where every caller brings its own key, there is none to try', async () => {
  const { sandbox, url } = await startSandbox();
  const environment = { BLUEJAY_BASE_URL: url, BLUEJAY_API_KEY: clinic.apiKey, BLUEJAY_AUTH: 'forward' };
  const { isWell, lines } = await examine(environment);
  expect(isWell).toBe(true);
  expect(lines).toContain("ok API Bluejay's API answers");
  expect(lines).toContain('skipped API key every caller brings its own, so there is none to try');
  expect(sandbox.requests.map(({ headers }) => headers['x-api-key'])).toEqual(['bluejay-doctor']);
});

test('a host that no name server knows ends the way to Bluejay', async () => {
  const { isWell, lines } = await examine({ BLUEJAY_BASE_URL: 'https://bluejay.invalid' });
  expect(isWell).toBe(false);
  // A machine without a network has no name server that could know.
  expect(lines[1]).toMatch(
    /^PROBLEM DNS No name server (knows bluejay\.invalid|says what bluejay\.invalid is)\.$/,
  );
  expect(lines.slice(3)).toEqual([noCache]);
});

test('a name is looked up', async () => {
  const { url, port } = await startSandbox();
  const { isWell, lines } = await examine({ BLUEJAY_BASE_URL: url.replace('127.0.0.1', 'localhost') });
  expect(lines[1]).toMatch(/^ok DNS localhost is .*127\.0\.0\.1/);
  expect(lines).toContain(`ok connection localhost answers on port ${port}`);
  expect(isWell).toBe(true);
});

test('a port on which nobody listens', async () => {
  const port = await findFreePort();
  const { isWell, lines } = await examine({ BLUEJAY_BASE_URL: `http://127.0.0.1:${port}` });
  expect(isWell).toBe(false);
  expect(lines.slice(2)).toEqual([
    `PROBLEM connection Nothing listens on port ${port} of 127.0.0.1.`,
    '→ Check the host and port in BLUEJAY_BASE_URL, and that what should listen there runs.',
    noCache,
  ]);
  const { lines: overIpv6 } = await examine({ BLUEJAY_BASE_URL: `http://[::1]:${port}` });
  expect(overIpv6[1]).toBe('ok DNS ::1 is an address already');
  // On a machine without IPv6 it fails for another reason.
  expect(overIpv6[2]).toMatch(/^PROBLEM connection .* ::1/);
});

test.each<[string, Fault, string]>([
  [
    'a key that may not read personas',
    { kind: 'answer', status: 403 },
    'Bluejay knows the API key, but does not let it read personas.',
  ],
  [
    'a limit',
    { kind: 'answer', status: 429, headers: { 'retry-after': '7' } },
    'Bluejay limits the requests of this API key. → Try again in 7 seconds; if it lasts, ask Bluejay for a higher limit.',
  ],
  [
    'a limit without an end',
    { kind: 'answer', status: 429 },
    'Bluejay limits the requests of this API key. → Wait and try again; if it lasts, ask Bluejay for a higher limit.',
  ],
  [
    'a fault of Bluejay’s',
    { kind: 'answer', status: 500, body: 'canary' },
    'Bluejay answers HTTP 500. → The fault is on its side. Try again; if it lasts, ask Bluejay.',
  ],
  [
    'a proxy that wants a password',
    { kind: 'answer', status: 407 },
    'The proxy wants a user and a password, or refuses the ones that it gets. → Put them into HTTPS_PROXY or HTTP_PROXY',
  ],
  [
    'an outage',
    { kind: 'answer', status: 503 },
    'Bluejay cannot be reached, or is down (http_503). → Try again; if it lasts, ask Bluejay.',
  ],
  ['a reset', { kind: 'reset' }, 'Bluejay cannot be reached, or is down (ECONNRESET).'],
  [
    'a redirect',
    { kind: 'answer', status: 308, headers: { location: 'https://canary.example' } },
    'Bluejay redirects to another address, where the gateway does not follow with the key.',
  ],
  [
    'a page in place of an error',
    { kind: 'answer', status: 422, body: '<html>' },
    'What answers does not speak as Bluejay does (not_json).',
  ],
  [
    'an id that is refused',
    { kind: 'answer', status: 422, body: '{"detail":[]}' },
    'Bluejay refuses a read that should be in order.',
  ],
  ['silence', { kind: 'hang' }, 'Bluejay does not answer within 1500 ms.'],
])('%s is said of the key', async (_name, fault, expected) => {
  const { sandbox, url } = await startSandbox();
  sandbox.faults.add({ fault, personaId: unknownId });
  const environment = { BLUEJAY_BASE_URL: url, BLUEJAY_API_KEY: clinic.apiKey, BLUEJAY_TIMEOUT_MS: '1500' };
  const { isWell, lines } = await examine(environment);
  expect(isWell).toBe(false);
  expect(lines).toContain("ok API Bluejay's API answers");
  expect(lines.slice(5).join(' ')).toContain(`PROBLEM API key ${expected}`);
  expect(lines.join('\n')).not.toMatch(new RegExp(`canary|${clinic.apiKey}`));
});

test('a key that Bluejay does not accept', async () => {
  const { url } = await startSandbox();
  const environment = { BLUEJAY_BASE_URL: url, BLUEJAY_API_KEY: 'canary-key' };
  const { exitCode, output, lines } = await runDoctor(environment);
  expect(exitCode).toBe(1);
  expect(lines).toContain("ok API Bluejay's API answers");
  expect(lines).toContain('PROBLEM API key Bluejay does not accept the API key.');
  expect(output).not.toContain('canary');
});

test('an outage is said once, and before any key is tried', async () => {
  const { sandbox, url } = await startSandbox();
  sandbox.faults.add({ fault: { kind: 'answer', status: 503 } });
  const { lines } = await examine({ BLUEJAY_BASE_URL: url, BLUEJAY_API_KEY: clinic.apiKey });
  expect(lines).toContain('PROBLEM API Bluejay cannot be reached, or is down (http_503).');
  expect(lines.join('\n')).not.toMatch(/^\w+ API key/m);
});

test('an address with another path, or of another API, is not taken for a good key', async () => {
  const { sandbox, url } = await startSandbox();
  const environment = { BLUEJAY_BASE_URL: `${url}/v2`, BLUEJAY_API_KEY: clinic.apiKey };
  const what = "PROBLEM API What answers there is not Bluejay's API: it says";
  expect((await examine(environment)).lines).toContain(`${what} 404 where Bluejay says 422.`);
  sandbox.faults.add({ fault: { kind: 'answer', status: 200, body: '{}' } });
  const { isWell, lines } = await examine(environment);
  expect(isWell).toBe(false);
  expect(lines).toContain(`${what} 200 where Bluejay says 422.`);
});

test('a server without TLS, or without a word, is told from one with it', async () => {
  const { port } = await startSandbox();
  const plain = await examine({ BLUEJAY_BASE_URL: `https://127.0.0.1:${port}` });
  expect(plain.isWell).toBe(false);
  expect(plain.lines[3]).toMatch(/^PROBLEM TLS 127\.0\.0\.1 does not speak TLS/);

  const mute = new URL(await startTcpUpstream(() => {}));
  const silent = await examine({ BLUEJAY_BASE_URL: `https://127.0.0.1:${mute.port}` }, 1_000);
  expect(silent.lines[3]).toBe(`PROBLEM TLS 127.0.0.1 does not answer on port ${mute.port} in time.`);

  const rude = new URL(await startTcpUpstream((socket) => socket.resetAndDestroy()));
  const broken = await examine({ BLUEJAY_BASE_URL: `https://127.0.0.1:${rude.port}` });
  expect(broken.lines[3]).toBe('PROBLEM TLS 127.0.0.1 breaks the connection off.');
});
