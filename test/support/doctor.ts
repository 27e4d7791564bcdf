import { diagnose } from '../../src/doctor/diagnose.ts';
import { formatFinding } from '../../src/doctor/finding.ts';
import { startProcess } from './processes.ts';
import { programs } from './programs.ts';

/** Runs the doctor in this process. Returns its output without times and with single spaces. */
export async function examine(environment: Record<string, string>, limitMs = 5_000) {
  let output = '';
  const report = (finding: Parameters<typeof formatFinding>[0]) => {
    output += formatFinding(finding);
  };
  const isWell = await diagnose({ environment, report, limitMs });
  return { isWell, lines: linesOf(output) };
}

/** Runs the doctor as a program. */
export async function runDoctor(environment: Record<string, string>) {
  const { exited, output } = startProcess('node', [programs.doctor], {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
  });
  return { exitCode: await exited, output: output(), lines: linesOf(output()) };
}

function linesOf(output: string): string[] {
  return output.split('\n').flatMap((line) => {
    const text = line
      .replace(/ \(\d+ ms\)$/, '')
      .replaceAll(/\s+/g, ' ')
      .trim();
    return text === '' ? [] : [text];
  });
}
