import { expect, test } from 'vitest';
import { runChaos } from './chaos.ts';

test(
  'in two seconds of random faults every answer is right or an error of the table',
  { timeout: 60_000 },
  async () => {
    const report = await runChaos({ seconds: 2, seed: 20_261_123, callers: 16 });
    expect(report.violations).toEqual([]);
    for (const outcome of ['applied', 'not_applied', 'unknown']) {
      expect(report.writes[outcome]).toBeGreaterThan(0);
    }
    // It must have been chaos: answers, and errors beside them.
    expect(report.answers['ok']).toBeGreaterThan(0);
    expect(Object.keys(report.answers).length).toBeGreaterThan(1);
  },
);
