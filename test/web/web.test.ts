import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { clinic, exampleId } from '../support/gateway.ts';
import { chromiumPath, launchChromium } from '../support/chromium.ts';
import { startWeb } from './start-web.ts';
import type { Web } from './start-web.ts';

const axe = readFileSync('examples/web/node_modules/axe-core/axe.min.js', 'utf8');
const [first, second, third] = clinic.personas;
if (first === undefined || second === undefined || third === undefined) throw new Error('Three, please');
const personaHash = (id: string) => `#/agents/7/personas/${id}`;
const json = { 'content-type': 'application/json' };

test('the page is strict TypeScript, and builds', () => {
  const { status, stdout } = spawnSync('npm', ['run', 'build', '--prefix', 'examples/web'], {
    encoding: 'utf8',
  });
  expect([status, stdout]).toEqual([0, expect.stringContaining('built in')]);
});

test('Ctrl-C ends the page, the gateway and the sandbox', async () => {
  const web = await startWeb();
  expect(await web.listening()).toHaveLength(3);
  await web.stop();
  await expect.poll(() => web.listening()).toEqual([]);
});

describe.skipIf(chromiumPath === undefined && process.env['CI'] === undefined)('the page in Chromium', () => {
  let web: Web;
  let browser: Browser;

  beforeAll(async () => {
    [web, browser] = await Promise.all([startWeb(), launchChromium()]);
  }, 60_000);
  afterEach(() => web.heal());
  afterAll(async () => {
    await browser.close();
    await web.stop();
  });

  /** Opens the page, and lists the operations that were answered: React's strict mode aborts the first read. */
  async function open(hash = '', options: BrowserContextOptions = {}) {
    const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', ...options });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const operations: string[] = [];
    page.on('requestfinished', (request) => {
      const operation = /(?:query|mutation) (\w+)/.exec(request.postData() ?? '')?.[1];
      if (operation !== undefined) operations.push(operation);
    });
    page.on('pageerror', ({ message }) => operations.push(`page error: ${message}`));
    await page.goto(web.url + hash);
    return { page, operations, list: page.getByRole('navigation'), panel: page.getByRole('article') };
  }

  test('an agent’s personas are listed, and the keyboard opens one', async () => {
    const { page, list, panel, operations } = await open();
    await list.getByRole('link', { name: first.name ?? '' }).waitFor();
    expect(await list.getByRole('listitem').count()).toBe(3);
    await page.getByRole('link', { name: 'New persona' }).focus();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await panel.getByText(first.description ?? '').waitFor();
    expect(await panel.getByText('7 November 2023').count()).toBe(1);
    // A screen reader goes on in what was opened.
    expect(await page.locator(':focus').innerText()).toBe(first.name);
    expect(operations).toEqual(['PersonasByAgent', 'Persona']);

    await page.getByLabel('Agent', { exact: true }).fill('8');
    await page.keyboard.press('Enter');
    await list.getByText('Zoë Łukasiewicz-Ødegård').waitFor();
    expect(await list.getByRole('listitem').count()).toBe(1);
  });

  test('a persona is created, edited and deleted, and the list follows without being read again', async () => {
    const { page, list, panel, operations } = await open('#/agents/9');
    await list.getByText('no personas').waitFor();
    await list.getByRole('link', { name: 'New persona' }).click();
    await panel.getByLabel('Name').fill('Early caller');
    await panel.getByLabel('Who is calling').fill('Calls at six.');
    await panel.getByLabel('What they want').fill('An appointment.');
    await panel.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('status').getByText('Created “Early caller”.').waitFor();
    await list.getByRole('link', { name: 'Early caller' }).waitFor();

    await panel.getByRole('link', { name: 'Edit' }).click();
    await panel.getByLabel('Name').fill('Late caller');
    await panel.getByRole('button', { name: 'Save' }).click();
    await list.getByRole('link', { name: 'Late caller' }).waitFor();
    expect(await panel.getByText('Calls at six.').count()).toBe(1);

    await panel.getByRole('button', { name: 'Delete' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete “Late caller”?' });
    await page.keyboard.press('Escape');
    expect(await dialog.isVisible()).toBe(false);
    await panel.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await list.getByText('no personas').waitFor();
    expect(await page.locator(':focus').innerText()).toBe('Agent 9');
    expect(operations).toEqual(['PersonasByAgent', 'CreatePersona', 'UpdatePersona', 'DeletePersona']);
  });

  test('what Bluejay has against a field is said at that field, and what was typed stays', async () => {
    const detail = [
      { type: 'string_too_short', loc: ['body', 'goal'], msg: 'String should have at least 1 character' },
      { type: 'string_too_long', loc: ['body', 'description'], msg: 'String should be shorter' },
    ];
    await web.addFault({
      fault: { kind: 'answer', status: 422, headers: json, body: JSON.stringify({ detail }) },
      method: 'POST',
      times: 1,
    });
    const { page, panel } = await open('#/agents/9/new');
    await panel.getByLabel('Name').fill('Brief caller');
    await panel.getByRole('button', { name: 'Save' }).click();
    const goal = panel.getByRole('textbox', { name: 'What they want', description: /at least 1 character/ });
    await goal.waitFor();
    const refused = panel.locator('[aria-invalid="true"]');
    expect(await refused.evaluateAll((fields) => fields.map((field) => field.getAttribute('name')))).toEqual([
      'description',
      'goal',
    ]);
    expect(await page.locator(':focus').getAttribute('name')).toBe('description');
    expect(await panel.getByLabel('Name').inputValue()).toBe('Brief caller');

    await page.getByLabel('Agent', { exact: true }).fill('seven');
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Agent', description: /whole number/ }).waitFor();
  });

  test('an outage is counted down to the next attempt, and over by itself', async () => {
    await web.addFault({ fault: { kind: 'answer', status: 503 } });
    const { page, list } = await open();
    await list.getByText('Bluejay cannot be reached').waitFor();
    await list
      .getByRole('timer')
      .getByText(/Next attempt in \d+ s/)
      .waitFor();
    await list.getByRole('button', { name: 'Try now' }).click();
    await list.getByText('Bluejay cannot be reached').waitFor();
    await web.heal();
    await list.getByRole('link', { name: first.name ?? '' }).waitFor();
    expect(await page.getByRole('timer').count()).toBe(0);
  });

  test('the next attempt is made when the gateway says: after retryAfterMs, not before', async () => {
    const { page, list, operations } = await open();
    await page.clock.install();
    // Longer than the gateway would wait itself.
    await web.addFault({ fault: { kind: 'answer', status: 429, headers: { 'retry-after': '12' } } });
    await page.reload();
    expect(await list.getByRole('timer').innerText()).toMatch(/^Next attempt in 1[12] s$/);
    const reads = operations.length;
    await page.clock.fastForward(10_000);
    await list
      .getByRole('timer')
      .getByText(/in [12] s/)
      .waitFor();
    expect(operations).toHaveLength(reads);
    await page.clock.fastForward(3_000);
    await expect.poll(() => operations.length).toBeGreaterThan(reads);
  });

  test('what was read before an outage stays, with its age', async () => {
    const { page, list } = await open();
    await list.getByRole('link', { name: first.name ?? '' }).waitFor();
    await page.getByRole('button', { name: 'Down' }).click();
    await list.getByText(/what was read at \d\d:\d\d:\d\d/).waitFor();
    await list.getByRole('link', { name: first.name ?? '' }).click();
    // The list knows a part of the persona.
    const panel = page.getByRole('article');
    await panel.getByText('Could not be read').first().waitFor();
    expect(await panel.getByText(first.goal ?? '').count()).toBe(1);
    await page.getByRole('button', { name: 'Healthy' }).click();
    await panel.getByText(first.description ?? '').waitFor();
  });

  test('a slow Bluejay is waited for with skeletons, and said to be slow', async () => {
    await web.addFault({ fault: { kind: 'delay', delayMs: 2_500 } });
    const { page, list } = await open(personaHash(exampleId));
    await list.and(page.locator('[aria-busy="true"]')).waitFor();
    expect(await list.locator('.skeleton').count()).toBeGreaterThan(0);
    await list.getByRole('status').getByText('longer than usual').waitFor();
    expect(await problemsOf(page)).toEqual([]);
    await list.getByRole('link', { name: first.name ?? '' }).waitFor();
    expect(await list.locator('.skeleton').count()).toBe(0);
  });

  test('a value that cannot be read is marked, is not taken for none, and is not overwritten', async () => {
    const broken = { ...second, description: ['?'], goal: null };
    await web.addFault({
      fault: { kind: 'answer', status: 200, headers: json, body: JSON.stringify(broken) },
      personaId: second.id,
      method: 'GET',
    });
    const { page, panel } = await open(personaHash(second.id), {});
    await panel.getByText('Could not be read').waitFor();
    expect(await panel.getByRole('heading').innerText()).toBe(second.name);
    await panel.getByRole('link', { name: 'Edit' }).click();
    await panel.getByText('Could not be read: it stays as it is').waitFor();
    await panel.getByLabel('Name').fill('Retired headmistress');
    const [request] = await Promise.all([
      page.waitForRequest((sent) => sent.postData()?.includes('UpdatePersona') === true),
      panel.getByRole('button', { name: 'Save' }).click(),
    ]);
    expect((request.postDataJSON() as { variables: unknown }).variables).toEqual({
      input: { id: second.id, name: 'Retired headmistress' },
    });
  });

  test('a write whose answer never came may have been done: the page says so, and looks', async () => {
    await web.addFault({ fault: { kind: 'reset' }, method: 'PUT', isApplied: true, times: 1 });
    const { list, panel, operations } = await open(`${personaHash(third.id)}/edit`);
    await panel.getByLabel('Name').fill('Parent, calmer by now');
    await panel.getByRole('button', { name: 'Save' }).click();
    await panel.getByRole('alert').getByText('may have done it').waitFor();
    await list.getByRole('link', { name: 'Parent, calmer by now' }).waitFor();
    expect(operations.filter((name) => name === 'UpdatePersona')).toHaveLength(1);
  });

  test('a persona that is not there, and one that no id can name, are told apart', async () => {
    const { page, panel } = await open(personaHash('00000000-0000-4000-8000-000000000000'));
    await panel.getByRole('heading', { name: 'There is no such persona' }).waitFor();
    await page.evaluate(() => {
      location.hash = '#/agents/7/personas/nobody';
    });
    await panel.getByRole('alert').getByText('does not fit the type UUID!').waitFor();
    expect(await panel.getByRole('button', { name: 'Try now' }).count()).toBe(0);
  });

  const looks: Record<string, BrowserContextOptions> = {
    light: { colorScheme: 'light' },
    dark: { colorScheme: 'dark' },
    narrow: { viewport: { width: 360, height: 640 } },
    'narrow and dark': { viewport: { width: 360, height: 640 }, colorScheme: 'dark' },
  };
  test.each(Object.keys(looks))('axe finds nothing, and nothing is cut off: %s', async (look) => {
    const { page, list, panel } = await open('', looks[look]);
    await list.getByRole('link', { name: first.name ?? '' }).waitFor();
    expect(await problemsOf(page)).toEqual([]);
    await list.getByRole('link', { name: first.name ?? '' }).click();
    await panel.getByText(first.description ?? '').waitFor();
    expect(await problemsOf(page)).toEqual([]);
    await panel.getByRole('button', { name: 'Delete' }).click();
    expect(await problemsOf(page)).toEqual([]);
    await page.keyboard.press('Escape');

    const detail = [{ type: 'x', loc: ['body', 'name'], msg: 'String should be another one' }];
    const refusal = { kind: 'answer', status: 422, headers: json, body: JSON.stringify({ detail }) } as const;
    await web.addFault({ fault: refusal, method: 'PUT', times: 1 });
    await panel.getByRole('link', { name: 'Edit' }).click();
    await panel.getByLabel('Name').fill('?');
    await panel.getByRole('button', { name: 'Save' }).click();
    await panel.getByText('String should be another one').waitFor();
    expect(await problemsOf(page)).toEqual([]);

    await web.addFault({ fault: { kind: 'answer', status: 503 } });
    await page.goto(`${web.url}${personaHash(exampleId)}`);
    await page.reload();
    await panel.getByText('Bluejay cannot be reached').waitFor();
    expect(await problemsOf(page)).toEqual([]);
  });
});

/** What axe finds, and whether the page scrolls sideways. */
async function problemsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe: engine } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await engine.run();
    return [
      ...violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
      ...(document.documentElement.scrollWidth > innerWidth ? ['scrolls sideways'] : []),
    ];
  });
}
