import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Route } from './exchange.ts';
import { sendBody } from './exchange.ts';
import { acceptsHtml } from './media-type.ts';

export interface GraphiQLOptions {
  readonly title: string;
  /** The documents of the first tabs. */
  readonly examples: readonly string[];
}

/** Returns whether a browser asks for a page; API clients ask for JSON. */
export function asksForPage({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && acceptsHtml(headers.accept);
}

/** Serves GraphiQL as one page without outside resources. The page has 9 MB, so it is loaded at the first request. */
export function createGraphiQLRoute(options: GraphiQLOptions): Route {
  let page: Promise<Page> | undefined;
  return async (exchange) => {
    page ??= renderPage(options);
    const { body, policy } = await page;
    sendBody(exchange, 200, 'text/html; charset=utf-8', body, { 'content-security-policy': policy });
  };
}

interface Page {
  readonly body: Buffer;
  /** The value of `Content-Security-Policy`. */
  readonly policy: string;
}

async function renderPage({ title, examples }: GraphiQLOptions): Promise<Page> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const html = renderGraphiQL({
    title,
    defaultTabs: examples.map((query) => ({ query })),
  });
  const scripts = html.matchAll(/<script>([\s\S]*?)<\/script>/g);
  const hashes = Array.from(scripts, ([, text = '']) => `'sha256-${sha256(text)}'`);
  const policy = [
    "default-src 'none'",
    `script-src ${hashes.join(' ')}`,
    // The editor creates styles and workers at run time.
    "style-src 'unsafe-inline'",
    'worker-src blob:',
    'img-src data:',
    'font-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return { body: Buffer.from(html), policy };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
