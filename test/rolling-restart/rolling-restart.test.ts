import { expect, test } from 'vitest';
import { runRollingRestart } from './rolling-restart.ts';

test.each([1, 2])(
  'a rolling restart of two replicas under keep-alive load loses no request, with %d workers each',
  { timeout: 60_000 },
  async (workers) => {
    const report = await runRollingRestart({ rounds: 1, callers: 16, drainDelayMs: 1_000, workers });
    expect(report.failures).toEqual([]);
    expect(report.answered).toBe(report.sent);
    // Each caller's connection went through both restarts.
    expect(report.sent).toBeGreaterThan(16 * 4);
    expect(report.exitCodes).toEqual([0, 0]);
  },
);
