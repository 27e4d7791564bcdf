import { assert, asyncProperty, gen, nat } from 'fast-check';
import { expect, test } from 'vitest';
import { createSchema } from '../../src/schema/index.ts';
import { generateRequest, secondId } from '../support/generated-requests.ts';
import { startBothExecutors } from '../support/both-executors.ts';
import type { Outcomes } from '../support/both-executors.ts';

// The same requests each time, so that a failure is the change's own. COMPILED_SEED=random looks further, for
// COMPILED_MS milliseconds, and COMPILED_SEED=<number> repeats what that found.
const { COMPILED_SEED: seedText = '1', COMPILED_MS: msText = '5000' } = process.env;
const isRandom = seedText === 'random';
const seed = isRandom ? Math.trunc(Math.random() * 2 ** 31) : Number(seedText);
const limitMs = Number(msText);

test(
  `generated requests are answered alike (COMPILED_SEED=${seed})`,
  { timeout: limitMs * 3 + 20_000 },
  async () => {
    const executors = await startBothExecutors();
    const schema = createSchema();
    executors.sandbox.faults.add({ personaId: secondId, fault: { kind: 'answer', status: 403 } });
    const total: Outcomes = { data: 0, partial: 0, refused: 0 };
    const kinds = Object.keys(total) as (keyof Outcomes)[];
    const property = asyncProperty(gen(), async (generate) => {
      const request = generateRequest(schema, (choices) => generate(nat, { max: choices - 1 }));
      const outcomes = await executors.expectSame([request]);
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
