import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { retryDelayMs } from '../examples/clients/errors.ts';
import { isRetryable } from '../src/errors.ts';

const text = readFileSync('docs/client-recipes.md', 'utf8');

test('each quote in the client recipes is a part of the file that is linked before it', () => {
  let source = '';
  const quoted = new Set<string>();
  const changed: string[] = [];
  for (const [, link, quote] of text.matchAll(/\]\((\.\.\/[\w/.-]+\.ts)\)|^```ts\n(.*?)^```$/gms)) {
    if (link !== undefined) source = join('docs', link);
    if (quote === undefined) continue;
    quoted.add(source);
    if (!outdent(readFileSync(source, 'utf8')).includes(outdent(quote))) changed.push(`${source}:\n${quote}`);
  }
  expect(changed).toEqual([]);
  const recipes = globSync('examples/clients/*.ts').filter(
    (path) => !/(personas|operations)\.ts$/.test(path),
  );
  expect([...quoted].toSorted()).toEqual([...recipes, 'codegen.ts'].toSorted());
});

test('each link of the client recipes leads to a file', () => {
  const links = [...text.matchAll(/\]\((\.\.\/[^)#]+)\)/g)].map(([, link = '']) => join('docs', link));
  expect(links.filter((path) => globSync(path).length === 0)).toEqual([]);
});

test('the recipes retry what isRetryable of the package says', () => {
  const error = fc.record({
    message: fc.constant('Failed'),
    extensions: fc.option(
      fc.record({ retryable: fc.boolean(), retryAfterMs: fc.nat() }, { requiredKeys: [] }),
      { nil: undefined },
    ),
  });
  fc.assert(
    fc.property(fc.array(error, { maxLength: 4 }), (errors) => {
      expect(retryDelayMs(errors, 1) !== undefined).toBe(isRetryable(errors));
    }),
    {
      examples: [
        [[]],
        [
          [
            { message: 'Failed', extensions: { retryable: true } },
            { message: 'Failed', extensions: undefined },
          ],
        ],
      ],
    },
  );
});

/** Quotes are not indented as deeply as what they quote. */
function outdent(code: string): string {
  return code.replaceAll(/^ +/gm, '');
}
