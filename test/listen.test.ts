import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { bare, startMain } from './support/main.ts';
import { findFreePort } from './support/ports.ts';
import { isMissing, startProcess } from './support/processes.ts';
import { programs } from './support/programs.ts';

const loopbacks = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
const hasIPv6 = loopbacks.some(({ address }) => address === '::1');
const withoutIPv6 = ['test/support/without-ipv6.py', 'node', programs.gateway];

async function statusesAt(port: number, path: string, ...hosts: string[]): Promise<number[]> {
  const responses = await Promise.all(hosts.map((host) => fetch(`http://${host}:${port}${path}`)));
  return responses.map(({ status }) => status);
}

test.skipIf(!hasIPv6).each(['1', '2'])(
  'on HOST=:: it serves GraphQL and metrics over IPv6 and IPv4, with %s process(es) (skipped without an IPv6 loopback)',
  async (WORKERS) => {
    const metricsPort = await findFreePort();
    const main = await startMain({ HOST: '::', WORKERS, METRICS_PORT: String(metricsPort) });
    await expect.poll(main.output).toContain(`http://[::]:${main.port}/graphql`);
    expect(await statusesAt(main.port, '/health/ready', '[::1]', '127.0.0.1')).toEqual([200, 200]);
    expect(await statusesAt(metricsPort, '/metrics', '[::1]', '127.0.0.1')).toEqual([200, 200]);
  },
);

test.skipIf(isMissing('python3', 'test/support/without-ipv6.py', 'true')).each([
  ['::', '1'],
  ['::', '2'],
  ['0:0:0:0:0:0:0:0', '1'],
])(
  'on HOST=%s it serves over IPv4 where the kernel has no IPv6, with %s process(es) (skipped without python3 and seccomp)',
  async (HOST, WORKERS) => {
    const [port, metricsPort] = [await findFreePort(), await findFreePort()];
    const env = { ...bare, HOST, WORKERS, PORT: String(port), METRICS_PORT: String(metricsPort) };
    const { output } = startProcess('python3', withoutIPv6, { env });
    await expect.poll(output).toContain('listening');
    expect(await statusesAt(port, '/health/ready', '127.0.0.1')).toEqual([200]);
    expect(await statusesAt(metricsPort, '/metrics', '127.0.0.1')).toEqual([200]);
    expect(output()).toContain(`http://0.0.0.0:${metricsPort}/metrics`);
  },
);

test.skipIf(!hasIPv6)(
  'an IPv6 address that is taken is named as it is written in a URL (skipped without an IPv6 loopback)',
  async () => {
    const first = await startMain({ HOST: '::1' });
    await expect.poll(first.output).toContain('listening');
    const second = await startMain({ HOST: '::1', PORT: String(first.port) });
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain(
      `Cannot listen on [::1]:${first.port}: EADDRINUSE. Set PORT and HOST to an address`,
    );
  },
);
