import { expect, test } from 'vitest';
import { planRestart } from '../../src/workers/plan-restart.ts';

test('the pause before a worker is replaced doubles each time, to half a minute', () => {
  const delays: number[] = [];
  for (let failures = 0; failures < 10;) {
    const restart = planRestart(failures, 59_999);
    delays.push(restart.delayMs);
    failures = restart.failures;
  }
  expect(delays).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

test('a worker that was up for a minute is replaced at once, and those before it are forgotten', () => {
  expect(planRestart(9, 60_000)).toEqual({ failures: 0, delayMs: 0 });
});
