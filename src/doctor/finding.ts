/** The result of one check. */
export interface Finding extends Verdict {
  readonly check:
    | 'configuration'
    | 'authorities'
    | 'verification'
    | 'DNS'
    | 'connection'
    | 'proxy TLS'
    | 'proxy'
    | 'TLS'
    | 'API'
    | 'API key'
    | 'cache';
  readonly durationMs: number;
}

export interface Verdict {
  /** Only a `problem` makes the exit code 1. */
  readonly outcome: 'ok' | 'note' | 'problem' | 'skipped';
  /** A sentence for the operator, without a secret. */
  readonly text: string;
  /** What the operator can do, in one or more sentences. */
  readonly advice?: string;
}

export function problem(text: string, advice: string): Verdict {
  return { outcome: 'problem', text, advice };
}

/** Formats a finding for a terminal: a line, and another one for the advice. */
export function formatFinding({ check, outcome, text, advice, durationMs }: Finding): string {
  const label = outcome === 'problem' ? 'PROBLEM' : outcome;
  const time = outcome === 'skipped' ? '' : ` (${Math.ceil(durationMs)} ms)`;
  const line = `${label.padEnd(9)}${check.padEnd(15)}${text}${time}\n`;
  return advice === undefined ? line : `${line}${' '.repeat(24)}→ ${advice}\n`;
}
