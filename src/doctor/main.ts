#!/usr/bin/env node
import { diagnose } from './diagnose.ts';
import { formatFinding } from './finding.ts';

const isWell = await diagnose({
  environment: process.env,
  report: (finding) => process.stdout.write(formatFinding(finding)),
});
process.stdout.write(
  isWell ? '\nAll is well.\n' : '\nThe gateway would not work as it should: see PROBLEM.\n',
);
process.exitCode = isWell ? 0 : 1;
