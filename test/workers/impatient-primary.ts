// A primary that soon gives up workers that hang. Its argument is the program that they run.
import { parseConfig } from '../../src/config/index.ts';
import { createLogger } from '../../src/observability/logger.ts';
import { startPrimary } from '../../src/workers/primary.ts';

const result = parseConfig(process.env);
if (!result.ok) throw new Error(result.problems.join());
const primary = await startPrimary({
  config: result.config,
  logger: createLogger('info'),
  program: process.argv[2] ?? '',
  patience: {
    intervalMs: 100,
    maxSilentIntervals: 20,
    maxStartIntervals: Number(process.env['MAX_START_INTERVALS'] ?? 600),
  },
  onListening: () => {},
});
process.on('SIGTERM', () => primary.stop());
process.exit(await primary.ended);
