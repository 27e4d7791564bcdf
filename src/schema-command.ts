import { parseSchemaNames } from './config/index.ts';
import { createSchema, printSchema } from './schema/index.ts';
import { ConfigurationError, describeProblems } from './shared/configuration-error.ts';

/**
 * Prints the subgraph's SDL as the environment names its types and fields. Reads nothing else of the environment.
 *
 * @returns the SDL, or what is wrong with the names
 */
export function printConfiguredSchema(
  environment: Readonly<Record<string, string | undefined>>,
): { readonly text: string } | { readonly problem: string } {
  const parsed = parseSchemaNames(environment);
  if (!parsed.ok) return { problem: describeProblems(parsed.problems) };
  try {
    return { text: printSchema(createSchema(undefined, parsed.names)).trimEnd() };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { problem: describeProblems(error.problems) };
  }
}
