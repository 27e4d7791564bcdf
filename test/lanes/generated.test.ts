import { assert, asyncProperty, gen, nat } from 'fast-check';
import { expect, test } from 'vitest';
import { createSchema } from '../../src/schema/index.ts';
import { generateRequest, secondId } from '../support/generated-requests.ts';
import { startLanes } from '../support/lanes.ts';
import type { Outcomes } from '../support/lanes.ts';

// The same requests each time, so that a failure is the change's own. LANES_SEED=random looks further, for
// LANES_MS milliseconds, and LANES_SEED=<number> repeats what that found.
const { LANES_SEED: seedText = '1', LANES_MS: msText = '5000' } = process.env;
const isRandom = seedText === 'random';
const seed = isRandom ? Math.trunc(Math.random() * 2 ** 31) : Number(seedText);
const limitMs = Number(msText);

test(
  `generated requests are answered alike (LANES_SEED=${seed})`,
  { timeout: limitMs * 3 + 20_000 },
  async () => {
    const lanes = await startLanes();
    const schema = createSchema();
    lanes.sandbox.faults.add({ personaId: secondId, fault: { kind: 'answer', status: 403 } });
    const total: Outcomes = { data: 0, partial: 0, refused: 0 };
    const kinds = Object.keys(total) as (keyof Outcomes)[];
    const property = asyncProperty(gen(), async (generate) => {
      const request = generateRequest(schema, (choices) => generate(nat, { max: choices - 1 }));
      const outcomes = await lanes.expectSame([request]);
      for (const kind of kinds) total[kind] += outcomes[kind];
    });
    await assert(
      property,
      isRandom ? { seed, numRuns: Infinity, interruptAfterTimeLimit: limitMs } : { seed, numRuns: 250 },
    );

    // Most of them execute.
    expect(total.data + total.partial).toBeGreaterThan(total.refused);
    expect(total.partial).toBeGreaterThan(0);
  },
);
