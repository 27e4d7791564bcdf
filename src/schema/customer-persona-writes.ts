import { invalidInput, nestArguments, withOutcome } from '../datasources/index.ts';
import type { CustomerPersona as Persona, PersonaChanges } from '../datasources/index.ts';
import type { Builder } from './builder.ts';
import type { CustomerPersonaRef } from './customer-persona.ts';
import { declareWrite } from './reads.ts';

interface Payload<Written extends Persona | null = Persona> {
  readonly customerPersona: Written;
}

/** Adds `Mutation`. Its fields are nullable, so that one failed write of several costs itself alone. */
export function addCustomerPersonaWrites(builder: Builder, CustomerPersona: CustomerPersonaRef): void {
  const payloadOf = <Written extends Persona | null = Persona>(name: string, description: string) =>
    builder.objectRef<Payload<Written>>(name).implement({
      fields: (t) => ({
        customerPersona: t.field({
          type: CustomerPersona,
          description,
          resolve: ({ customerPersona }) => customerPersona,
        }),
      }),
    });
  const Created = payloadOf<Persona | null>(
    'CreateCustomerPersonaPayload',
    'The new persona; null when Bluejay does not say its id.',
  );
  const Updated = payloadOf('UpdateCustomerPersonaPayload', 'The persona as it is now.');
  const Deleted = payloadOf('DeleteCustomerPersonaPayload', 'The persona as it was.');
  builder.objectField(Deleted, 'deletedId', (t) =>
    t.id({
      description: 'The id of the persona that is no more.',
      resolve: ({ customerPersona }) => customerPersona.id,
    }),
  );

  const CreateInput = builder.inputType('CreateCustomerPersonaInput', {
    fields: (t) => ({
      name: t.string({ required: true, description: 'What the persona is called in Bluejay.' }),
      description: t.string({ required: true, description: 'Who is calling and how they talk.' }),
      goal: t.string({ required: true, description: 'What the persona wants to reach in the call.' }),
      agentId: t.id({ description: 'The agent that it plays against: a whole number, as Bluejay has it.' }),
    }),
  });
  const UpdateInput = builder.inputType('UpdateCustomerPersonaInput', {
    description: 'What is left out stays as it is, null is written as null. One of them must be given.',
    fields: (t) => ({
      id: t.field({ type: 'UUID', required: true, description: "The persona's id." }),
      name: t.string({ description: 'What the persona is called in Bluejay.' }),
      description: t.string({ description: 'Who is calling and how they talk.' }),
      goal: t.string({ description: 'What the persona wants to reach in the call.' }),
    }),
  });
  const DeleteInput = builder.inputType('DeleteCustomerPersonaInput', {
    fields: (t) => ({ id: t.field({ type: 'UUID', required: true, description: "The persona's id." }) }),
  });

  if (!builder.configStore.hasConfig('Mutation')) {
    builder.mutationType({
      description:
        'Each write is sent to Bluejay once. An error says in `extensions.outcome` whether it was surely not done ' +
        '(`not_applied`), or may have been (`unknown`): then look before you try again.',
    });
  }
  builder.mutationFields((t) => ({
    createCustomerPersona: t.field({
      type: Created,
      extensions: declareWrite(),
      description: 'Makes a persona. Each call makes another one.',
      args: { input: t.arg({ type: CreateInput, required: true }) },
      resolve: (_root, { input }, { dataSources }) => payload(dataSources.customerPersonas.create(input)),
    }),
    updateCustomerPersona: t.field({
      type: Updated,
      extensions: declareWrite(),
      description: 'Changes what is given of a persona.',
      args: { input: t.arg({ type: UpdateInput, required: true }) },
      resolve: async (_root, { input: { id, ...changes } }, { dataSources }) => {
        requireChanges(changes);
        return payload(dataSources.customerPersonas.update(id, changes));
      },
    }),
    deleteCustomerPersona: t.field({
      type: Deleted,
      extensions: declareWrite(),
      description: 'Deletes a persona.',
      args: { input: t.arg({ type: DeleteInput, required: true }) },
      resolve: (_root, { input: { id } }, { dataSources }) =>
        payload(dataSources.customerPersonas.delete(id)),
    }),
  }));
}

/** @throws {UpstreamError} `invalid_input` within `input`, where all arguments are */
async function payload<Written extends Persona | null>(write: Promise<Written>): Promise<Payload<Written>> {
  try {
    return { customerPersona: await write };
  } catch (error) {
    throw nestArguments(error, 'input');
  }
}

/** @throws {UpstreamError} `invalid_input` where nothing is to be changed */
function requireChanges(changes: PersonaChanges): void {
  if (Object.keys(changes).length > 0) return;
  const error = invalidInput('input', 'Expected one of name, description and goal at least', 'missing');
  throw withOutcome(error, 'not_applied');
}
