// Writes the files that are derived from the code with --write, and compares them with --check.
import { readFileSync, writeFileSync } from 'node:fs';
import { createSchema, printApiSchema, printSchema } from '../src/schema/index.ts';
import { printConfigurationPage } from './configuration-page.ts';

const schema = createSchema();
const files = {
  'schema.graphql': printSchema(schema),
  'api.graphql': printApiSchema(schema),
  'docs/configuration.md': printConfigurationPage(),
};
const task = process.argv[2];

for (const [name, text] of Object.entries(files)) {
  const file = new URL(`../${name}`, import.meta.url);
  if (task === '--write') writeFileSync(file, text);
  if (task === '--check' && text !== readFileSync(file, 'utf8')) {
    process.stderr.write(`${name} is stale: run \`npm run generate\` and commit the result.\n`);
    process.exitCode = 1;
  }
}
