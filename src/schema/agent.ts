import { invalidInput, parseAgentId, renameArgument } from '../datasources/index.ts';
import type { Builder } from './builder.ts';
import type { Context } from './context.ts';
import type { CustomerPersonaRef } from './customer-persona.ts';
import { assumedListSize, declareReads } from './reads.ts';

/** The part of an agent that this subgraph contributes; another subgraph may own the type. */
interface Agent {
  readonly id: string;
}

/** Adds the agent and its personas to the schema. */
export function addAgent(builder: Builder, CustomerPersona: CustomerPersonaRef): void {
  const Agent = builder.objectRef<Agent>('Agent').implement({
    description: 'A conversational agent that Bluejay tests. Here it has its personas.',
    fields: (t) => ({
      id: t.exposeID('id', {
        nullable: false,
        description: "The agent's id; a whole number where Bluejay has it.",
      }),
      customerPersonas: t.field({
        type: [CustomerPersona],
        // The representation of the agent declares this read.
        extensions: declareReads({ reads: 'none' }),
        directives: { listSize: { assumedSize: assumedListSize } },
        description:
          'The customer personas that play against this agent. Empty for an agent that Bluejay does not have; null, with ' +
          'an error of its own, when they could not be read.',
        resolve: ({ id }, _args, context) => {
          // A supergraph may have agents of other services.
          if (parseAgentId(id) === undefined) return [];
          return listByAgent(id, context).catch((error: unknown) => {
            throw renameArgument(error, 'agentId', ['id']);
          });
        },
      }),
    }),
  });

  builder.asEntity(Agent, {
    key: builder.selection<{ id: string }>('id'),
    // Bluejay has no read of an agent: one that does not exist has no personas.
    resolveReference: async ({ id }) => ({ id: readReferenceId(id) }),
  });

  builder.queryField('personasByAgent', (t) =>
    t.field({
      type: [CustomerPersona],
      extensions: declareReads({ reads: 'one' }),
      directives: { listSize: { assumedSize: assumedListSize } },
      description:
        'The customer personas that play against one agent. Empty for an agent that Bluejay does not have; null, with an ' +
        'error of its own, when they could not be read.',
      args: {
        agentId: t.arg.id({
          required: true,
          description: "The agent's id: a whole number, as Bluejay has it.",
        }),
      },
      resolve: (_root, { agentId }, context) => listByAgent(agentId, context),
    }),
  );
}

/**
 * Reads the id of a reference, which is raw JSON: scalars do not parse it.
 *
 * @throws {UpstreamError} `invalid_input` for what an ID cannot be (GraphQL, section 3.5.5)
 */
function readReferenceId(id: unknown): string {
  if (typeof id === 'string' || Number.isSafeInteger(id)) return String(id);
  throw invalidInput('id', 'Expected the id of an agent: a string or a whole number', 'string_type');
}

async function listByAgent(agentId: string | number, { dataSources, lists }: Context) {
  const personas = await dataSources.customerPersonas.listByAgent(agentId);
  lists?.add(personas.length);
  return personas;
}
