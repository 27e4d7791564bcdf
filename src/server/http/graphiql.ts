import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Route } from './exchange.ts';
import { sendBody } from './exchange.ts';
import { acceptsHtml } from './media-type.ts';

const examples = [
  `# The persona of Bluejay's own reference page. Press ▶ or Ctrl+Enter.
query Persona {
  persona(id: "3c90c3cc-0d44-4b50-8888-8dd25736052a") {
    id
    createdAt
    name
    description
    goal
    orgId
  }
}
`,
  `# One entry for each id, in this order; null where there is no such persona.
query Personas {
  personas(
    ids: [
      "0b6f5a52-19c1-4f0e-9a53-5d2f0f6f7b01"
      "00000000-0000-4000-8000-000000000000"
      "9d2c1e6b-64b1-4e8e-b1ce-3f5a1c7d8e03"
    ]
  ) {
    id
    name
    goal
  }
}
`,
  `# The personas of an agent. What the list brings is not read again in the same request.
query Agent {
  personasByAgent(agentId: "7") {
    id
    name
    goal
  }
}
`,
  `# What a router asks a subgraph.
query Entities {
  _entities(
    representations: [
      { __typename: "CustomerPersona", id: "3c90c3cc-0d44-4b50-8888-8dd25736052a" }
    ]
  ) {
    ... on CustomerPersona {
      name
    }
  }
}
`,
];

/** Whether a browser asks for a page, rather than a client for an answer. */
export function asksForPage({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && acceptsHtml(headers.accept);
}

/** GraphiQL as one page without outside resources. It weighs 9 MB, so it is loaded when first asked for. */
export function createGraphiQLRoute(): Route {
  let page: Promise<Page> | undefined;
  return async (exchange) => {
    page ??= renderPage();
    const { body, policy } = await page;
    sendBody(exchange, 200, 'text/html; charset=utf-8', body, { 'content-security-policy': policy });
  };
}

interface Page {
  readonly body: Buffer;
  /** For `Content-Security-Policy`. */
  readonly policy: string;
}

async function renderPage(): Promise<Page> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const html = renderGraphiQL({
    title: 'Bluejay GraphQL',
    defaultTabs: examples.map((query) => ({ query })),
  });
  const scripts = html.matchAll(/<script>([\s\S]*?)<\/script>/g);
  const hashes = Array.from(scripts, ([, text = '']) => `'sha256-${sha256(text)}'`);
  const policy = [
    "default-src 'none'",
    `script-src ${hashes.join(' ')}`,
    // Its editor sets styles and makes workers as it runs.
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
