import type { Answer } from './answer.ts';
import { readBody } from './body.ts';
import type { OrganisationStore } from './store.ts';

/** The parts of a request that decide its answer. */
export interface SandboxRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly apiKey: string | undefined;
  readonly body: string;
}

/** What a request's path names, decoded as Starlette decodes it. */
export type Target =
  | { readonly kind: 'persona' | 'agent'; readonly id: string; readonly methods: readonly string[] }
  | { readonly kind: 'new'; readonly methods: readonly string[] };

const routes = [
  { pattern: /^\/v1\/customer-persona\/([^/]+)$/, kind: 'persona', methods: ['GET', 'DELETE'] },
  { pattern: /^\/v1\/update-customer-persona\/([^/]+)$/, kind: 'persona', methods: ['PUT'] },
  { pattern: /^\/v1\/customer-personas-by-agent\/([^/]+)$/, kind: 'agent', methods: ['GET'] },
] as const;

/** @returns undefined for a path that Bluejay has not */
export function targetOf(path: string): Target | undefined {
  if (path === '/v1/create-customer-persona') return { kind: 'new', methods: ['POST'] };
  for (const { pattern, kind, methods } of routes) {
    const id = pattern.exec(path)?.[1];
    if (id !== undefined) return { kind, id: decode(id), methods };
  }
  return undefined;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/**
 * Answers as Bluejay's FastAPI service does, and carries out what is written.
 *
 * @param storeOf the organisation that an API key opens
 */
export function createFastApi(storeOf: (apiKey: string) => OrganisationStore | undefined) {
  return ({ method, path, apiKey, body }: SandboxRequest): Answer => {
    const target = targetOf(path);
    if (target === undefined) return json(404, { detail: 'Not Found' });
    if (!target.methods.includes(method)) return json(405, { detail: 'Method Not Allowed' });

    // FastAPI validates path, headers and body before any of the service's own code runs.
    const read = method === 'POST' || method === 'PUT' ? readBody(body, method === 'POST') : undefined;
    const invalid = [
      ...(target.kind === 'persona' ? validatePersonaId(target.id) : []),
      ...(target.kind === 'agent' ? validateAgentId(target.id) : []),
      ...validateApiKey(apiKey),
      ...(read?.ok === false ? read.detail : []),
    ];
    if (invalid.length > 0) return json(422, { detail: invalid });

    const store = storeOf(apiKey ?? '');
    if (store === undefined) return json(401, { detail: 'Invalid API key' });
    if (target.kind === 'agent') {
      return found(store.personasOf(Number(target.id)), 'Agent not found');
    }
    if (target.kind === 'new') {
      return found(read?.ok === true ? store.create(read.texts, read.agentId) : undefined, 'Agent not found');
    }
    const id = target.id.toLowerCase();
    const persona =
      read?.ok === true
        ? store.update(id, read.texts)
        : method === 'DELETE'
          ? store.delete(id)
          : store.persona(id);
    return found(persona, 'Customer persona not found');
  };
}

function found(value: unknown, otherwise: string): Answer {
  return value === undefined ? json(404, { detail: otherwise }) : json(200, value);
}

function json(status: number, body: unknown): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** Accepts the forms of a UUID that Pydantic accepts: without hyphens, in braces, with `urn:uuid:`. */
function validatePersonaId(personaId: string): unknown[] {
  const hexadecimal = personaId.replace(/^urn:uuid:/, '').replace(/^\{(.*)\}$/, '$1');
  if (/^[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}$/i.test(hexadecimal)) return [];
  const error = `invalid length: expected length 32 for simple format, found ${personaId.length}`;
  return [
    {
      type: 'uuid_parsing',
      loc: ['path', 'persona_id'],
      msg: `Input should be a valid UUID, ${error}`,
      input: personaId,
      ctx: { error },
    },
  ];
}

function validateAgentId(agentId: string): unknown[] {
  if (/^[+-]?\d+$/.test(agentId)) return [];
  return [
    {
      type: 'int_parsing',
      loc: ['path', 'agent_id'],
      msg: 'Input should be a valid integer, unable to parse string as an integer',
      input: agentId,
    },
  ];
}

function validateApiKey(apiKey: string | undefined): unknown[] {
  if (apiKey !== undefined) return [];
  return [{ type: 'missing', loc: ['header', 'x-api-key'], msg: 'Field required', input: null }];
}
