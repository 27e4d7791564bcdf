// Restarts two replicas behind a balancer under load: `npm run rolling-restart -- --rounds 3`. Exits with 1 when
// a request is lost.
import { parseArgs } from 'node:util';
import { runRollingRestart } from '../test/rolling-restart/rolling-restart.ts';
import { bundlePrograms } from '../test/support/programs.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    callers: { type: 'string', default: '32' },
    'drain-delay-ms': { type: 'string', default: '1000' },
    workers: { type: 'string', default: '1' },
  },
});
bundlePrograms();
const report = await runRollingRestart({
  rounds: Number(values.rounds),
  callers: Number(values.callers),
  drainDelayMs: Number(values['drain-delay-ms']),
  workers: Number(values.workers),
});

process.stdout.write(`
restarts   ${report.exitCodes.length}, exit codes ${[...new Set(report.exitCodes)].join(', ')}
sent       ${report.sent}
answered   ${report.answered}
failed     ${report.failures.length}
`);
for (const failure of report.failures.slice(0, 20)) process.stdout.write(`  ${failure}\n`);
if (report.failures.length > 0 || report.exitCodes.some((code) => code !== 0)) process.exitCode = 1;
