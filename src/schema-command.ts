import { parseSchemaConfig } from './config/index.ts';
import { createSchema, printSchema } from './schema/index.ts';
import { ConfigurationError, describeProblems } from './shared/configuration-error.ts';

/**
 * Prints the subgraph's SDL as a gateway in this environment has it: the names of its types and fields, and whether there
 * is a `Mutation`.
 *
 * @returns the SDL, or the problems of the variables that it depends on
 */
export function printConfiguredSchema(
  environment: Readonly<Record<string, string | undefined>>,
): { readonly text: string } | { readonly problem: string } {
  const parsed = parseSchemaConfig(environment);
  if (!parsed.ok) return { problem: describeProblems(parsed.problems) };
  try {
    return { text: printSchema(createSchema({ writes: parsed.writes, names: parsed.names })).trimEnd() };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { problem: describeProblems(error.problems) };
  }
}
