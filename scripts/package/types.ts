import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest } from './consumer.ts';
import type { Consumer } from './consumer.ts';

/** Uses the types: what is `any`, or missing, fails one of the lines. */
const usage = `
import { createGateway, declareReads } from 'bluejay-graphql';
import type { Config } from 'bluejay-graphql';
import type { ErrorCode } from 'bluejay-graphql/errors';

export const workers: Config['workers'] = 2;
export const code: ErrorCode = 'FORBIDDEN';
// @ts-expect-error -- no such code
export const wrong: ErrorCode = 'NONE';

await createGateway({ cache: { url: 'redis://cache' } }, {
  extension: {
    extendSchema(builder) {
      builder.queryField('greeting', (t) =>
        t.string({
          args: { name: t.arg.string({ required: true }) },
          directives: { listSize: { assumedSize: 1 } },
          extensions: declareReads({ reads: 'one' }),
          // @ts-expect-error -- the context has no such property
          resolve: (_parent, { name }, context) => name.toUpperCase() + context.nothing,
        }),
      );
      builder.asEntity(builder.objectRef<{ id: string }>('Thing'), {
        key: builder.selection<{ id: string }>('id'),
        resolveReference: ({ id }) => ({ id }),
      });
      // @ts-expect-error -- the builder has no such method
      builder.nothing();
    },
  },
});
`;

/**
 * Type-checks a program of a consumer, which has none of the optional packages.
 *
 * @throws an Error with the compiler's messages about the program or the package. Those about other packages are theirs.
 */
export function checkTypes(consumer: Consumer, moduleResolution: 'node16' | 'bundler'): void {
  const { folder } = consumer;
  const modules = Object.keys(readManifest(folder).exports).filter((path) => /^\.(\/\w+)?$/.test(path));
  const imports = modules.map(
    (path, index) => `export * as m${index} from 'bluejay-graphql${path.slice(1)}';\n`,
  );
  writeFileSync(join(folder, 'usage.ts'), imports.join('') + usage);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    types: ['node'],
    module: moduleResolution === 'bundler' ? 'esnext' : moduleResolution,
    moduleResolution,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['usage.ts'] }));
  const { stdout } = spawnSync('node_modules/.bin/tsc', ['--project', folder], { encoding: 'utf8' });
  const ours = stdout
    .split('\n')
    .filter((line) => /error TS/.test(line))
    .filter((line) => !line.includes('node_modules/') || line.includes('node_modules/bluejay-graphql/'));
  if (ours.length > 0) throw new Error(`With moduleResolution ${moduleResolution}:\n${ours.join('\n')}`);
}
