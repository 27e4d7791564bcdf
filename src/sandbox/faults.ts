import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './answer.ts';
import type { Target } from './fastapi.ts';

/** A fault of an answer; `delay` and `drip` still send the right answer. */
export type Fault =
  /** Answers with this status, headers and body: an HTML page, a wrong shape, a redirect, a huge text … */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** Sends one byte of the body at a time. */
  | { readonly kind: 'drip'; readonly intervalMs: number }
  /** Sends the full content-length and half the body, then ends the connection. */
  | { readonly kind: 'truncate' }
  /** Resets the connection before the first byte of an answer. */
  | { readonly kind: 'reset' }
  /** Never answers. */
  | { readonly kind: 'hang' };

/** The requests that a fault applies to. */
export interface FaultRule {
  readonly fault: Fault;
  /** Only for this persona. @default every request */
  readonly personaId?: string;
  /** Only for the list of this agent. @default every request */
  readonly agentId?: number;
  /** Only for this method, such as `PUT`. @default every request */
  readonly method?: string;
  /**
   * Whether a write is carried out although its answer is lost, or replaced: with `reset` the connection ends after the
   * body, and the write is done. `delay`, `drip` and `truncate` always carry it out. @default false
   */
  readonly isApplied?: boolean;
  /** How many requests it applies to before it is removed. @default unlimited */
  readonly times?: number;
}

/** The active faults. The rule that was added last has precedence. */
export interface Faults {
  add(rule: FaultRule): void;
  clear(): void;
  /** The rule for a request, counted as used. */
  take(method: string, target: Target | undefined): FaultRule | undefined;
}

export function createFaults(): Faults {
  let rules: { rule: FaultRule; left: number }[] = [];
  return {
    add(rule) {
      rules.unshift({ rule, left: rule.times ?? Infinity });
    },
    clear() {
      rules = [];
    },
    take(method, target) {
      const personaId = target?.kind === 'persona' ? target.id.toLowerCase() : undefined;
      const agentId = target?.kind === 'agent' ? target.id : undefined;
      const entry = rules.find(
        ({ rule, left }) => left > 0 && (rule.method ?? method) === method && isFor(rule, personaId, agentId),
      );
      if (entry === undefined) return undefined;
      entry.left -= 1;
      return entry.rule;
    },
  };
}

function isFor(rule: FaultRule, personaId: string | undefined, agentId: string | undefined): boolean {
  if (rule.personaId !== undefined) return rule.personaId === personaId;
  return rule.agentId === undefined || String(rule.agentId) === agentId;
}

/** Whether a request that a rule is for is carried out. */
export function isCarriedOut({ fault, isApplied = false }: FaultRule): boolean {
  return isApplied || fault.kind === 'delay' || fault.kind === 'drip' || fault.kind === 'truncate';
}

/** Sends the answer with the fault. */
export async function send(response: ServerResponse, answer: Answer, fault?: Fault): Promise<void> {
  const body = Buffer.from(answer.body);
  const headers = { ...answer.headers, 'content-length': String(body.length) };
  switch (fault?.kind) {
    case undefined:
      response.writeHead(answer.status, headers).end(body);
      return;
    case 'answer': {
      const replaced = Buffer.from(fault.body ?? '');
      const length = { 'content-length': String(replaced.length) };
      response.writeHead(fault.status, { ...length, ...fault.headers }).end(replaced);
      return;
    }
    case 'delay':
      await sleep(fault.delayMs, undefined, { ref: false });
      response.writeHead(answer.status, headers).end(body);
      return;
    case 'drip':
      response.writeHead(answer.status, headers);
      for (const byte of body) {
        if (response.destroyed) return;
        response.write(Buffer.of(byte));
        // oxlint-disable-next-line no-await-in-loop -- the pauses are the fault
        await sleep(fault.intervalMs, undefined, { ref: false });
      }
      response.end();
      return;
    case 'truncate':
      response.writeHead(answer.status, headers);
      response.write(body.subarray(0, body.length >> 1), () => response.socket?.end());
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'hang':
      return;
  }
}
