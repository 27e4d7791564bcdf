// Prints the subgraph's SDL as it is without configuration. With --check: compares it with schema.graphql instead.
import { readFileSync } from 'node:fs';
import { createSchema, printSchema } from '../src/schema/index.ts';

const sdl = printSchema(createSchema());
if (!process.argv.includes('--check')) {
  process.stdout.write(sdl);
} else if (sdl !== readFileSync(new URL('../schema.graphql', import.meta.url), 'utf8')) {
  process.stderr.write('schema.graphql is stale: run `npm run generate` and commit the result.\n');
  process.exitCode = 1;
}
