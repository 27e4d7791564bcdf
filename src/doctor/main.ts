#!/usr/bin/env node
import { readCommandLine } from '../shared/command-line.ts';

await readCommandLine(
  {
    name: 'bluejay-doctor',
    summary: 'checks the way to Bluejay step by step, as the gateway would go it',
    loadVariables: async () => (await import('../config/index.ts')).variables,
  },
  process,
);
const { diagnose } = await import('./diagnose.ts');
const { formatFinding } = await import('./finding.ts');

// A closed pipe, such as of `head`, or a full disk must not hide the exit code.
process.stdout.once('error', ({ code }: NodeJS.ErrnoException) => {
  process.stdout.on('error', () => {});
  if (code !== 'EPIPE') process.stderr.write(`bluejay-doctor: cannot write all of its findings (${code})\n`);
});
const isWell = await diagnose({
  environment: process.env,
  report: (finding) => process.stdout.write(formatFinding(finding)),
});
process.stdout.write(
  isWell ? '\nAll is well.\n' : '\nThe gateway would not work as it should: see PROBLEM.\n',
);
process.exitCode = isWell ? 0 : 1;
