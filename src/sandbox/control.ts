import type { IncomingMessage } from 'node:http';
import { json as readJson } from 'node:stream/consumers';
import * as v from 'valibot';
import type { Answer, Faults } from './faults.ts';

/** Where the sandbox is told of faults over HTTP; Bluejay has no such path. */
export const controlPath = '/_sandbox/faults';

const milliseconds = v.pipe(v.number(), v.minValue(0));

const ruleSchema = v.object({
  fault: v.variant('kind', [
    v.object({
      kind: v.literal('answer'),
      status: v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599)),
      headers: v.exactOptional(v.record(v.string(), v.string())),
      body: v.exactOptional(v.string()),
    }),
    v.object({ kind: v.literal('delay'), delayMs: milliseconds }),
    v.object({ kind: v.literal('drip'), intervalMs: milliseconds }),
    v.object({ kind: v.picklist(['truncate', 'reset', 'hang']) }),
  ]),
  personaId: v.exactOptional(v.string()),
  times: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1))),
});

/** POST adds the fault in the body, DELETE removes them all. */
export async function control(request: IncomingMessage, faults: Faults): Promise<Answer> {
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
