import { organisations as builtIn } from './organisations.ts';
import type { Organisation } from './organisations.ts';
import type { Answer } from './answer.ts';

/** The parts of a request that decide its answer. */
export interface SandboxRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly apiKey: string | undefined;
}

/** The resource of a path, decoded as Starlette decodes it. */
export interface Target {
  readonly kind: 'persona' | 'agent';
  readonly id: string;
}

/** @returns undefined for a path that Bluejay has not */
export function targetOf(path: string): Target | undefined {
  const match = /^\/v1\/(customer-persona|customer-personas-by-agent)\/([^/]+)$/.exec(path);
  if (match?.[2] === undefined) return undefined;
  return { kind: match[1] === 'customer-persona' ? 'persona' : 'agent', id: decode(match[2]) };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Answers as Bluejay's FastAPI service does, from the organisations given. */
export function createFastApi(organisations: readonly Organisation[] = builtIn) {
  return ({ method, path, apiKey }: SandboxRequest): Answer => {
    const target = targetOf(path);
    if (target === undefined) return json(404, { detail: 'Not Found' });
    if (method !== 'GET') return json(405, { detail: 'Method Not Allowed' });

    // FastAPI validates the path and the headers before the service's own code runs.
    const { kind, id } = target;
    const invalid = [
      ...(kind === 'persona' ? validatePersonaId(id) : validateAgentId(id)),
      ...validateApiKey(apiKey),
    ];
    if (invalid.length > 0) return json(422, { detail: invalid });

    const organisation = organisations.find((candidate) => candidate.apiKey === apiKey);
    if (organisation === undefined) return json(401, { detail: 'Invalid API key' });
    return kind === 'persona' ? getPersona(organisation, id) : listPersonas(organisation, id);
  };
}

function getPersona({ personas }: Organisation, personaId: string): Answer {
  const persona = personas.find(({ id }) => id === personaId.toLowerCase());
  return persona === undefined ? json(404, { detail: 'Customer persona not found' }) : json(200, persona);
}

function listPersonas({ agents, personas }: Organisation, agentId: string): Answer {
  const agent = agents.find(({ id }) => id === Number(agentId));
  if (agent === undefined) return json(404, { detail: 'Agent not found' });
  return json(
    200,
    agent.personaIds.map((personaId) => personas.find(({ id }) => id === personaId)),
  );
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
