import * as v from 'valibot';
import type { SchemaNames } from '../shared/schema-names.ts';
import type { ValuesOf, Variable } from './variable.ts';

export const schemaNamesVariables = {
  AGENT_TYPE: {
    option: 'schemaNames.agentType',
    schema: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^[a-z][a-z\d_]*$/i, 'expected the name of a type, such as VoiceAgent, or none'),
      ),
      'Agent',
    ),
    default: 'Agent',
    description:
      'The name of the entity that gets `customerPersonas`. `none` removes it and `personasByAgent`.',
  },
  SCHEMA_PREFIX: {
    option: 'schemaNames.prefix',
    schema: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^(?:[A-Z][A-Za-z\d]*)?$/, 'expected letters and digits after a capital, such as Bluejay'),
      ),
      '',
    ),
    default: '',
    description:
      'A prefix for the types and root fields of the schema, scalars excepted: `Bluejay` makes `BluejayCustomerPersona` and `bluejayPersona`.',
  },
} as const satisfies Record<string, Variable>;

/** Resolves how the schema names what other subgraphs may have, too. */
export function resolveSchemaNames(values: ValuesOf<typeof schemaNamesVariables>): SchemaNames {
  return { agentType: values.AGENT_TYPE, prefix: values.SCHEMA_PREFIX };
}
