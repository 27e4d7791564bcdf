import { parse, validate } from 'graphql';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createExamples, createSchema, declareReads } from '../src/schema/index.ts';
import { chromiumPath, launchChromium } from './support/chromium.ts';
import { clinic, startGateway } from './support/gateway.ts';
import type { TestGatewayOptions } from './support/gateway.ts';
import { send } from './support/send.ts';

const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const path = 'examples/frontend/gql/persisted-documents.json';

test('a browser gets GraphiQL only where it is switched on and documents of its own are executed', async () => {
  const status = async (options: TestGatewayOptions, at = '/graphql') => {
    const gateway = await startGateway(options);
    return (await send(gateway.url + at, { headers: { accept } })).status;
  };
  expect(await status({})).toBe(400);
  expect(await status({}, '/')).toBe(404);
  expect(await status({ graphiql: true })).toBe(200);
  expect(await status({ graphiql: true, trustedDocuments: { path, mode: 'prefer' } })).toBe(200);
  expect(await status({ graphiql: true, trustedDocuments: { path, mode: 'only' } })).not.toBe(200);
  expect(await status({ graphiql: true, trustedDocuments: { path, mode: 'only' } }, '/')).toBe(404);
});

test('the page runs its own scripts alone and talks to nobody else', async () => {
  const gateway = await startGateway({ graphiql: true });
  const page = await fetch(`${gateway.url}/graphql`, { headers: { accept } });
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const policy = page.headers.get('content-security-policy');
  expect(policy).toMatch(/^default-src 'none'; script-src( 'sha256-[^']+')+; /);
  expect(policy).toMatch(/connect-src 'self'; .*frame-ancestors 'none'$/);
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  // Whoever does not ask for a page gets none.
  expect((await fetch(`${gateway.url}/graphql`)).status).toBe(400);
  expect((await fetch(gateway.url)).status).toBe(404);
});

test('a description cannot end the script that holds it', async () => {
  const gateway = await startGateway({
    graphiql: true,
    extension: {
      extendSchema(builder) {
        builder.queryField('hello', (t) =>
          t.string({ description: '</script><script>alert(1)</script>', resolve: () => '' }),
        );
      },
    },
  });
  const page = await (await fetch(`${gateway.url}/graphql`, { headers: { accept } })).text();
  expect([page.includes('query Hello'), page.includes('script>alert')]).toEqual([true, true]);
  expect(page.includes('<script>alert')).toBe(false);
});

test('the page is compressed for those that take it, and not sent again to those that have it', async () => {
  const gateway = await startGateway({ graphiql: true });
  const ask = (headers: Record<string, string>) =>
    fetch(`${gateway.url}/graphql`, { headers: { accept, ...headers } });
  const plain = await ask({ 'accept-encoding': 'identity' });
  const body = await plain.text();
  expect(plain.headers.get('content-encoding')).toBeNull();
  for (const refused of ['gzip;q=0', 'br', '*;q=0, br']) {
    // oxlint-disable-next-line no-await-in-loop -- nine megabytes each
    const { headers } = await ask({ 'accept-encoding': refused });
    expect(headers.get('content-length')).toBe(plain.headers.get('content-length'));
  }
  const zipped = await ask({ 'accept-encoding': 'gzip, deflate, br' });
  expect(zipped.headers.get('content-encoding')).toBe('gzip');
  expect(Number(zipped.headers.get('content-length'))).toBeLessThan(body.length / 3);
  expect(zipped.headers.get('vary')).toContain('Accept-Encoding');
  // fetch has unpacked it.
  expect((await zipped.text()) === body).toBe(true);

  const etag = zipped.headers.get('etag') ?? '';
  const again = await ask({ 'if-none-match': etag });
  expect([again.status, await again.text()]).toEqual([304, '']);
  expect(again.headers.get('etag')).toBe(etag);
  const other = await ask({ 'if-none-match': 'W/"other"' });
  expect(other.status).toBe(200);
  // Other contents have another hash.
  const forwarding = await startGateway({ graphiql: true, auth: { mode: 'forward' } });
  const forwarded = await fetch(`${forwarding.url}/graphql`, { headers: { accept, 'if-none-match': etag } });
  expect(forwarded.status).toBe(200);
});

test('the examples have every operation of the schema, those of an embedder too, with variables that fit', () => {
  const schema = createSchema({
    writes: false,
    extend: (builder) => {
      const Tone = builder.enumType('Tone', { values: ['CALM', 'LOUD'] as const });
      const Inner = builder.inputType('Inner', {
        fields: (t) => ({ tone: t.field({ type: Tone }), on: t.boolean() }),
      });
      const Input = builder.inputType('Input', {
        fields: (t) => ({
          text: t.string({ required: true }),
          inner: t.field({ type: Inner }),
          at: t.field({ type: 'DateTime' }),
        }),
      });
      const Choice = builder.inputType('Choice', {
        isOneOf: true,
        fields: (t) => ({ a: t.int(), b: t.float() }),
      });
      const Node = builder.objectRef<object>('Node');
      Node.implement({ fields: (t) => ({ next: t.field({ type: Node, resolve: () => null }) }) });
      builder.queryFields((t) => ({
        node: t.field({ type: Node, resolve: () => ({}) }),
        find: t.string({
          args: { id: t.arg.int({ required: true }), maybe: t.arg.string() },
          extensions: declareReads({ reads: 'one' }),
          resolve: () => '',
        }),
        old: t.string({ deprecationReason: 'Use find.', resolve: () => '' }),
      }));
      builder.mutationType({
        fields: (t) => ({
          find: t.string({ resolve: () => '' }),
          say: t.string({
            args: {
              id: t.arg({ type: 'UUID', required: true }),
              input: t.arg({ type: Input, required: true }),
              choice: t.arg({ type: Choice, required: true }),
            },
            extensions: declareReads({ reads: 'one' }),
            resolve: () => '',
          }),
        }),
      });
    },
  });
  const { document, variables } = createExamples(schema);
  expect(validate(schema, parse(document))).toEqual([]);
  expect(document.match(/^(query|mutation) \w+/gm)).toEqual([
    'query Find',
    'query Node',
    'query Persona',
    'query Personas',
    'query PersonasByAgent',
    'query Entities',
    'mutation FindMutation',
    'mutation Say',
  ]);
  expect(variables).toMatchObject({
    id: 1,
    personaId: expect.stringMatching(/^[\da-f-]{36}$/) as string,
    input: {
      text: 'An example of text',
      inner: { tone: 'CALM', on: true },
      at: expect.any(String) as string,
    },
    choice: { a: 1 },
  });
});

describe.skipIf(chromiumPath === undefined && process.env['CI'] === undefined)(
  'GraphiQL in a browser (skipped without Chromium)',
  { timeout: 120_000 },
  () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await launchChromium();
    }, 60_000);
    afterAll(() => browser.close());

    test('works without internet, and each of its operations is answered', async () => {
      const gateway = await startGateway({ graphiql: true });
      const { page, elsewhere, failures } = await openPage(browser, gateway.url);
      // The address without a path leads to it.
      expect(page.url()).toBe(`${gateway.url}/graphql`);
      const { document } = createExamples(createSchema({ writes: false }));
      const names = Array.from(document.matchAll(/^(?:query|mutation) (\w+)/gm), ([, name = '']) => name);
      for (const name of names) {
        // oxlint-disable no-await-in-loop -- there is one page
        await page.getByRole('button', { name: /^Execute query/i }).click();
        await page.getByRole('menuitem', { name, exact: true }).click();
        const field = name === 'Entities' ? '_entities' : name.charAt(0).toLowerCase() + name.slice(1);
        await expect.poll(() => responseOf(page), { timeout: 20_000 }).toContain(`"${field}"`);
        expect(await responseOf(page)).not.toContain('"errors"');
        // oxlint-enable no-await-in-loop
      }
      expect(elsewhere).toEqual([]);
      expect(failures).toEqual([]);
    });

    test('keeps variables that were changed, in the one tab that there is', async () => {
      const gateway = await startGateway({ graphiql: true });
      const { page } = await openPage(browser, gateway.url);
      const editor = page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden)');
      await expect.poll(() => editor.innerText()).toContain('"agentId"');
      const stored = (name: string) =>
        page.evaluate((key) => localStorage.getItem(`graphiql:${key}`) ?? '', name);
      const addVariable = async (name: string) => {
        await editor.click();
        for (const key of ['Control+Home', 'ArrowRight']) await page.keyboard.press(key);
        await page.keyboard.type(` "${name}": 1,`);
        // Each is stored at a time of its own, while the text is typed, too.
        await expect.poll(() => stored('tabState')).toMatch(new RegExp(`${name}\\W+1,`));
        await expect.poll(() => stored('variables')).toMatch(new RegExp(`${name}\\W+1,`));
      };
      await addVariable('mine');
      await page.reload();
      await expect.poll(() => editor.innerText()).toContain('"mine"');
      // GraphiQL stores its tabs again at a change.
      await addVariable('another');
      expect(JSON.parse(await stored('tabState'))).toMatchObject({
        tabs: [{ variables: expect.stringMatching(/another.*mine.*agentId/s) as string }],
      });
    });

    test('asks for a key where callers bring theirs, sends it, and keeps it nowhere', async () => {
      const gateway = await startGateway({ graphiql: true, auth: { mode: 'forward' } });
      const { page } = await openPage(browser, gateway.url);
      await page.getByRole('button', { name: 'Headers' }).click();
      const editor = page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden)');
      await expect.poll(() => editor.innerText()).toContain('x-api-key');
      await editor.click();
      // Between the quotes.
      for (const key of ['Control+Home', 'ArrowDown', 'End', 'ArrowLeft']) await page.keyboard.press(key);
      await page.keyboard.type(clinic.apiKey);
      await page.getByRole('button', { name: /^Execute query/i }).click();
      await page.getByRole('menuitem', { name: 'Persona', exact: true }).click();
      await expect.poll(() => responseOf(page), { timeout: 20_000 }).toContain('Anxious');
      const stored = () =>
        page.evaluate(() => ({
          local: Object.fromEntries(Object.entries(localStorage)),
          session: Object.fromEntries(Object.entries(sessionStorage)),
          url: location.href,
        }));
      await expect
        .poll(stored)
        .toMatchObject({ local: { 'graphiql:tabState': expect.stringContaining('"Persona"') as string } });
      await page.reload();
      await page.getByRole('button', { name: /^Execute query/i }).waitFor();
      expect(JSON.stringify(await stored())).not.toContain(clinic.apiKey);
      await page.getByRole('button', { name: 'Headers' }).click();
      await expect.poll(() => editor.innerText()).toContain('x-api-key');
    });
  },
);

const responseOf = (page: Page) => page.locator('.graphiql-response').innerText();

/** Opens a page with a storage of its own. */
async function openPage(browser: Browser, url: string) {
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const elsewhere: string[] = [];
  const failures: string[] = [];
  page.on('request', (request) => {
    const asked = request.url();
    if (!asked.startsWith(url) && !/^(data|blob):/.test(asked)) elsewhere.push(asked);
  });
  page.on('pageerror', (error) => failures.push(error.message));
  // What the content security policy forbids is said there.
  page.on('console', (message) => {
    if (message.type() === 'error') failures.push(message.text());
  });
  await page.goto(url);
  return { page, elsewhere, failures };
}
