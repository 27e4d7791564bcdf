import type { PersonaTexts } from './store.ts';

/** What Pydantic makes of the body of a write, or what it has against it. */
export type Body =
  | { readonly ok: true; readonly texts: PersonaTexts; readonly agentId: number | null }
  | { readonly ok: false; readonly detail: readonly unknown[] };

const names = ['name', 'description', 'goal'] as const;

/** @param isNew whether all texts are needed, and none may be null */
export function readBody(text: string, isNew: boolean): Body {
  const json = parse(text);
  if (json === undefined) return { ok: false, detail: [missing(['body'], null)] };
  if (!isObject(json)) {
    const msg = 'Input should be a valid dictionary or object to extract fields from';
    return { ok: false, detail: [{ type: 'model_attributes_type', loc: ['body'], msg, input: json }] };
  }
  const detail: unknown[] = [];
  const texts: Record<string, string | null> = {};
  for (const name of names) {
    const value = json[name];
    if (typeof value === 'string' || (value === null && !isNew)) texts[name] = value;
    else if (value !== undefined) detail.push(wrongType('string', ['body', name], value));
    else if (isNew) detail.push(missing(['body', name], json));
  }
  const agentId = isNew ? (json['agent_id'] ?? null) : null;
  const isAgentId = agentId === null || Number.isSafeInteger(agentId);
  if (!isAgentId) detail.push(wrongType('int', ['body', 'agent_id'], agentId));
  if (detail.length > 0) return { ok: false, detail };
  return { ok: true, texts, agentId: agentId as number | null };
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function missing(loc: readonly string[], input: unknown) {
  return { type: 'missing', loc, msg: 'Field required', input };
}

function wrongType(type: 'string' | 'int', loc: readonly string[], input: unknown) {
  const what = type === 'string' ? 'string' : 'integer';
  return { type: `${type}_type`, loc, msg: `Input should be a valid ${what}`, input };
}
