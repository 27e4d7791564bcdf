import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { json as readJson } from 'node:stream/consumers';
import * as v from 'valibot';
import type { Answer } from './answer.ts';
import type { Faults } from './faults.ts';

/** The path to add faults over HTTP; Bluejay has none such. */
export const controlPath = '/_sandbox/faults';

/** The longest duration of a timer. */
const maxTimerMs = 2 ** 31 - 1;
const milliseconds = v.pipe(v.number(), v.minValue(0), v.maxValue(maxTimerMs));

const header = v.record(
  v.pipe(v.string(), v.check(isHeaderName)),
  v.pipe(v.string(), v.check(isHeaderValue)),
);

function isHeaderName(name: string): boolean {
  return passes(() => validateHeaderName(name));
}

function isHeaderValue(value: string): boolean {
  return passes(() => validateHeaderValue('x', value));
}

function passes(validate: () => void): boolean {
  try {
    validate();
    return true;
  } catch {
    return false;
  }
}

const ruleSchema = v.object({
  fault: v.variant('kind', [
    v.object({
      kind: v.literal('answer'),
      status: v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599)),
      headers: v.exactOptional(header),
      body: v.exactOptional(v.string()),
    }),
    v.object({ kind: v.literal('delay'), delayMs: milliseconds }),
    v.object({ kind: v.literal('drip'), intervalMs: milliseconds }),
    v.object({ kind: v.picklist(['truncate', 'reset', 'hang']) }),
  ]),
  personaId: v.exactOptional(v.pipe(v.string(), v.toLowerCase())),
  agentId: v.exactOptional(v.pipe(v.number(), v.safeInteger())),
  method: v.exactOptional(v.picklist(['GET', 'POST', 'PUT', 'DELETE'])),
  isApplied: v.exactOptional(v.boolean()),
  times: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1))),
});

/**
 * Adds the fault in the body of a POST; removes all faults at a DELETE. Refuses pages, because any page can send requests to
 * a port of this machine.
 */
export async function control(request: IncomingMessage, faults: Faults): Promise<Answer> {
  // Browsers send it with both methods.
  if (request.headers.origin !== undefined) return answer(403, 'Faults are set by programs, not by pages.\n');
  if (request.method === 'DELETE') {
    faults.clear();
    return answer(204, '');
  }
  if (request.method !== 'POST') return answer(405, 'Use POST or DELETE.\n');
  const rule = v.safeParse(ruleSchema, await readJson(request).catch(() => undefined));
  if (!rule.success) {
    return answer(
      400,
      rule.issues.map((issue) => `${v.getDotPath(issue) ?? 'body'}: ${issue.message}\n`).join(''),
    );
  }
  faults.add(rule.output);
  return answer(204, '');
}

function answer(status: number, body: string): Answer {
  return { status, headers: { 'content-type': 'text/plain' }, body };
}
