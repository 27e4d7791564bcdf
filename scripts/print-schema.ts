// Prints the subgraph's SDL as it is without configuration. With --write writes it and the clients' SDL to their files, with
// --check compares them.
import { readFileSync, writeFileSync } from 'node:fs';
import { createSchema, printApiSchema, printSchema } from '../src/schema/index.ts';

const schema = createSchema();
const files = { 'schema.graphql': printSchema(schema), 'api.graphql': printApiSchema(schema) };
const task = process.argv[2];

if (task === undefined) process.stdout.write(files['schema.graphql']);
for (const [name, sdl] of Object.entries(files)) {
  const file = new URL(`../${name}`, import.meta.url);
  if (task === '--write') writeFileSync(file, sdl);
  if (task === '--check' && sdl !== readFileSync(file, 'utf8')) {
    process.stderr.write(`${name} is stale: run \`npm run generate\` and commit the result.\n`);
    process.exitCode = 1;
  }
}
