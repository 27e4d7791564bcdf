import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { findMissingPackages } from '../../shared/optional-packages.ts';
import type { Route } from './exchange.ts';
import { sendBody, sendNotModified, sendRefusal } from './exchange.ts';
import { acceptsGzip, acceptsHtml } from './media-type.ts';
import type { Refusal } from './refusal.ts';

/** Returns whether a browser asks for a page; API clients ask for JSON. */
export function asksForPage({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && acceptsHtml(headers.accept);
}

export interface GraphiQLOptions {
  readonly title: string;
  /** Operations to begin with, and the variables of all of them. Called at the first request. */
  readonly examples: () => { readonly document: string; readonly variables: object };
  /** Headers to fill in, such as `x-api-key`. */
  readonly headerNames: readonly string[];
}

/**
 * Serves GraphiQL as one page without outside resources. The page has 9 MB, 2 MB compressed, so it is loaded at the first
 * request, and a browser that has it asks by its hash whether it has changed. Where its package is not installed, a line
 * of text says how to install it.
 */
export function createGraphiQLRoute(options: GraphiQLOptions): Route {
  let search: Promise<string | undefined> | undefined;
  let rendered: Promise<Page> | undefined;
  return async (exchange) => {
    const missing = await (search ??= findMissingPackages('graphiql'));
    if (missing !== undefined) {
      return sendBody(exchange, 200, 'text/plain; charset=utf-8', `GraphiQL ${missing}\n`, uncached);
    }
    rendered ??= renderPage(options);
    const { zipped, etag, policy } = await rendered;
    const { 'if-none-match': known, 'accept-encoding': encodings } = exchange.request.headers;
    const headers = { etag, ...uncached };
    exchange.response.appendHeader('vary', 'Accept, Accept-Encoding');
    if (known === etag) return sendNotModified(exchange, headers);
    const isZipped = acceptsGzip(encodings);
    const body = isZipped ? zipped : await promisify(gunzip)(zipped);
    sendBody(exchange, 200, 'text/html; charset=utf-8', body, {
      ...headers,
      ...(isZipped && { 'content-encoding': 'gzip' }),
      'content-security-policy': policy,
    });
  };
}

/** Makes browsers ask whether the page has changed. */
const uncached = { 'cache-control': 'no-cache' };

/** Redirects browsers to the page; refuses other clients with `otherwise`. */
export function createGraphiQLRedirect(path: string, otherwise: Refusal): Route {
  return (exchange) => {
    if (!asksForPage(exchange.request)) return sendRefusal(exchange, otherwise);
    sendBody(exchange, 307, 'text/plain; charset=utf-8', `GraphiQL is at ${path}.\n`, { location: path });
  };
}

interface Page {
  readonly zipped: Buffer;
  /** Weak: the compressed page and the other one are the same to the browser. */
  readonly etag: string;
  /** The value of `Content-Security-Policy`. */
  readonly policy: string;
}

async function renderPage({ title, examples, headerNames }: GraphiQLOptions): Promise<Page> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const { document, variables } = examples();
  // Only descriptions hold the character, and the page holds them in a script, which they must not end.
  const operations = document.replaceAll('<', '‹');
  const query = `# Put the cursor into an operation and press Ctrl+Enter, or choose one at ▶.\n\n${operations}`;
  const headers =
    headerNames.length === 0
      ? undefined
      : JSON.stringify(Object.fromEntries(headerNames.map((name) => [name, ''])), null, 2);
  const rendered = renderGraphiQL({
    title,
    // One tab: GraphiQL loses the first click on a further one.
    defaultQuery: query,
    ...(headers !== undefined && { headers }),
    // They hold keys.
    shouldPersistHeaders: false,
  });
  const html = rendered.replace('<script>', () => `${firstTabScript(query, variables)}<script>`);
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
  return { zipped: await promisify(gzip)(html), etag: `W/"${sha256(html)}"`, policy };
}

/**
 * Stores the first tab where GraphiQL looks for that of the last visit, unless there was one. A reload finds its tab again by
 * both texts: with options it would add a tab at each reload, as GraphiQL stores no query that nobody has changed.
 */
function firstTabScript(query: string, variables: object): string {
  const values = { query, variables: JSON.stringify(variables, null, 2) };
  const entries = JSON.stringify(Object.entries(values)).replaceAll('<', String.raw`\u003c`);
  return `<script>
    try {
      if (localStorage.getItem('graphiql:tabState') === null)
        for (const [name, text] of ${entries}) localStorage.setItem('graphiql:' + name, text);
    } catch {}
  </script>`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
