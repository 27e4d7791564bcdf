import { test } from 'vitest';
import { parseGraphQLParams } from '../../src/server/graphql/params.ts';
import { scenarios } from '../scenarios.ts';

test('reading the parameters of a request, beside JSON.parse alone', async ({ bench }) => {
  for (const { name, body, nextIds } of scenarios.filter((scenario) =>
    /unique|entities/.test(scenario.name),
  )) {
    const bytes = Buffer.from(body(nextIds()));
    await bench.compare(
      bench(`JSON.parse, ${name}`, () => {
        JSON.parse(bytes.toString('utf8'));
      }),
      bench(`parseGraphQLParams, ${name}`, () => {
        parseGraphQLParams(bytes);
      }),
    );
  }
});
