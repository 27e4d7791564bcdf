import { organisations as builtIn } from './organisations.ts';
import type { Organisation } from './organisations.ts';
import type { Answer } from './faults.ts';

/** What of a request decides the answer. */
export interface SandboxRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly apiKey: string | undefined;
}

/** The persona id in a request's path, decoded as Starlette decodes it; undefined on another route. */
export function personaIdOf(path: string): string | undefined {
  const match = /^\/v1\/customer-persona\/([^/]+)$/.exec(path);
  if (match?.[1] === undefined) return undefined;
  try {
    return decodeURIComponent(match[1]);
  } catch {
    return match[1];
  }
}

/** Answers as Bluejay's FastAPI service does, from the organisations given. */
export function createFastApi(organisations: readonly Organisation[] = builtIn) {
  return ({ method, path, apiKey }: SandboxRequest): Answer => {
    const personaId = personaIdOf(path);
    if (personaId === undefined) return json(404, { detail: 'Not Found' });
    if (method !== 'GET') return json(405, { detail: 'Method Not Allowed' });

    // FastAPI validates the path and the headers before any of the service's own code runs.
    const invalid = [...validatePersonaId(personaId), ...validateApiKey(apiKey)];
    if (invalid.length > 0) return json(422, { detail: invalid });

    const organisation = organisations.find((candidate) => candidate.apiKey === apiKey);
    if (organisation === undefined) return json(401, { detail: 'Invalid API key' });
    const persona = organisation.personas.find(({ id }) => id === personaId.toLowerCase());
    return persona === undefined ? json(404, { detail: 'Customer persona not found' }) : json(200, persona);
  };
}

function json(status: number, body: unknown): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** Pydantic takes more forms than the gateway sends: without hyphens, in braces, with `urn:uuid:`. */
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

function validateApiKey(apiKey: string | undefined): unknown[] {
  if (apiKey !== undefined) return [];
  return [{ type: 'missing', loc: ['header', 'x-api-key'], msg: 'Field required', input: null }];
}
