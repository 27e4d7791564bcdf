import { isObjectType } from 'graphql';
import { expect, test } from 'vitest';
import { createSchema } from '../src/schema/index.ts';
import { readsOf } from '../src/schema/reads.ts';

test('each field with arguments declares what it reads, so that none escapes the rate limit', () => {
  const fields = Object.values(createSchema().getTypeMap())
    .filter((type) => isObjectType(type) && !type.name.startsWith('__'))
    .flatMap((type) => (isObjectType(type) ? Object.values(type.getFields()) : []));
  const withArguments = fields.filter(({ args }) => args.length > 0);
  expect(withArguments.filter((field) => readsOf(field) === undefined).map(({ name }) => name)).toEqual([]);
  // The keys of a list are in an argument that the field has.
  for (const { name, args, ...field } of withArguments) {
    const declared = readsOf(field);
    const argument = declared?.reads === 'each' ? declared.of : args[0]?.name;
    expect([name, args.map((arg) => arg.name)]).toEqual([name, expect.arrayContaining([argument])]);
  }
});
