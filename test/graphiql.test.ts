import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { startGateway } from './support/gateway.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((path) => existsSync(path));

test('a browser gets GraphiQL only where it is switched on', async () => {
  const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
  const off = await startGateway();
  expect((await fetch(`${off.url}/graphql`, { headers: { accept } })).status).toBe(405);
  const on = await startGateway({ graphiql: true });
  const page = await fetch(`${on.url}/graphql`, { headers: { accept } });
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  // Only its own scripts run, and it talks to nobody else.
  const policy = page.headers.get('content-security-policy');
  expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-[^']+'; /);
  expect(policy).toMatch(/connect-src 'self'; .*frame-ancestors 'none'$/);
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  // Whoever does not ask for a page gets none.
  expect((await fetch(`${on.url}/graphql`)).status).toBe(405);
});

test.skipIf(executablePath === undefined && process.env['CI'] === undefined)(
  'GraphiQL (skipped without Chromium) works without internet: its first example is answered',
  { timeout: 60_000 },
  async () => {
    const gateway = await startGateway({ graphiql: true });
    const browser = await chromium.launch({
      executablePath: executablePath ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    const elsewhere: string[] = [];
    const failures: string[] = [];
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(gateway.url) && !/^(data|blob):/.test(url)) elsewhere.push(url);
    });
    page.on('pageerror', (error) => failures.push(error.message));
    // What the content security policy forbids is said there.
    page.on('console', (message) => {
      if (message.type() === 'error') failures.push(message.text());
    });
    await page.goto(`${gateway.url}/graphql`);
    await page.getByRole('button', { name: /^Execute query/i }).click();
    await expect
      .poll(() => page.locator('.graphiql-response').innerText(), { timeout: 20_000 })
      .toContain('Anxious');
    // The other examples are there, each in a tab of its own.
    expect(await page.getByRole('tab').allInnerTexts()).toEqual(['Persona', 'Personas', 'Agent', 'Entities']);
    expect(elsewhere).toEqual([]);
    expect(failures).toEqual([]);
  },
);
