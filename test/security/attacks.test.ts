import { afterAll, expect, test } from 'vitest';
import { attacks } from './attacks/index.ts';
import { createTargets } from './targets.ts';

const targets = createTargets();
afterAll(() => targets.close());

test.each(attacks)('in production settings it holds against: $name', async ({ settings, attempt }) => {
  const { held, seen } = await attempt(await targets.get(settings));
  expect(held, `seen: ${seen}`).toBe(true);
});
