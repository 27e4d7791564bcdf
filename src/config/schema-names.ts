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
      'The entity of another subgraph to which this one adds `customerPersonas`. `none` leaves it out, and `personasByAgent` too.',
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
      'Begins the names of the schema’s own types and root fields, except scalars: with `Bluejay`, `BluejayCustomerPersona` and `bluejayPersona`.',
  },
} as const satisfies Record<string, Variable>;

/** Resolves how the schema names what other subgraphs may have, too. */
export function resolveSchemaNames(values: ValuesOf<typeof schemaNamesVariables>): SchemaNames {
  return { agentType: values.AGENT_TYPE, prefix: values.SCHEMA_PREFIX };
}
