import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSchema } from '../../src/schema/index.ts';
import { generateRequest } from '../support/generated-requests.ts';
import { startLanes } from '../support/lanes.ts';

// The same requests each time, so that a failure is the change's own. LANES_SEED=random looks further, for
// LANES_MS milliseconds, and LANES_SEED=<number> repeats what it found.
const { LANES_SEED: seedText = '1', LANES_MS: msText = '5000' } = process.env;
const seed = seedText === 'random' ? Math.trunc(Math.random() * 2 ** 31) : Number(seedText);
const limitMs = Number(msText);

test(
  `generated requests are answered alike (LANES_SEED=${seed})`,
  { timeout: limitMs * 3 + 20_000 },
  async () => {
    const lanes = await startLanes();
    const schema = createSchema();
    const secondId = '0b6f5a52-19c1-4f0e-9a53-5d2f0f6f7b01';
    lanes.sandbox.faults.add({ personaId: secondId, fault: { kind: 'answer', status: 403 } });
    const property = fc.asyncProperty(fc.gen(), async (gen) => {
      const body = generateRequest(schema, (choices) => gen(fc.nat, { max: choices - 1 }));
      await lanes.expectSame([{ headers: { accept: 'application/graphql-response+json' }, body }]);
    });
    await fc.assert(property, {
      seed,
      numRuns: seedText === 'random' ? Infinity : 400,
      interruptAfterTimeLimit: limitMs,
    });
    expect(lanes.sandbox.requests.length).toBeGreaterThan(0);
  },
);
