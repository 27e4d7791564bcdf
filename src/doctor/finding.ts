/** What one check found. */
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
  /** Only a problem makes the diagnosis a bad one. */
  readonly outcome: 'ok' | 'note' | 'problem' | 'skipped';
  /** In plain words, without a secret. */
  readonly text: string;
  /** What to do about it, a sentence or more. */
  readonly advice?: string;
}

export function problem(text: string, advice: string): Verdict {
  return { outcome: 'problem', text, advice };
}

/** A finding for a terminal: a line, and one more for what to do. */
export function formatFinding({ check, outcome, text, advice, durationMs }: Finding): string {
  const label = outcome === 'problem' ? 'PROBLEM' : outcome;
  const time = outcome === 'skipped' ? '' : ` (${Math.ceil(durationMs)} ms)`;
  const line = `${label.padEnd(9)}${check.padEnd(15)}${text}${time}\n`;
  return advice === undefined ? line : `${line}${' '.repeat(24)}→ ${advice}\n`;
}
