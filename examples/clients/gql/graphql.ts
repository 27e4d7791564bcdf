/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
export type CreateCustomerPersonaInput = {
  /** The agent that it plays against: a whole number, as Bluejay has it. */
  agentId?: string | number | null | undefined;
  /** Who is calling and how they talk. */
  description: string;
  /** What the persona wants to reach in the call. */
  goal: string;
  /** What the persona is called in Bluejay. */
  name: string;
};

export type DeleteCustomerPersonaInput = {
  /** The persona's id. */
  id: string;
};

/** What is left out stays as it is, null is written as null. One of them must be given. */
export type UpdateCustomerPersonaInput = {
  /** Who is calling and how they talk. */
  description?: string | null | undefined;
  /** What the persona wants to reach in the call. */
  goal?: string | null | undefined;
  /** The persona's id. */
  id: string;
  /** What the persona is called in Bluejay. */
  name?: string | null | undefined;
};

export type ListPersonasQueryVariables = Exact<{
  agentId: string | number;
}>;


export type ListPersonasQuery = { __typename: 'Query', personasByAgent: Array<{ __typename: 'CustomerPersona', id: string, name: string | null, goal: string | null }> | null };

export type CreatePersonaMutationVariables = Exact<{
  input: CreateCustomerPersonaInput;
}>;


export type CreatePersonaMutation = { __typename: 'Mutation', createCustomerPersona: { __typename: 'CreateCustomerPersonaPayload', customerPersona: { __typename: 'CustomerPersona', id: string, name: string | null, goal: string | null } | null } | null };

export type UpdatePersonaMutationVariables = Exact<{
  input: UpdateCustomerPersonaInput;
}>;


export type UpdatePersonaMutation = { __typename: 'Mutation', updateCustomerPersona: { __typename: 'UpdateCustomerPersonaPayload', customerPersona: { __typename: 'CustomerPersona', id: string, name: string | null, goal: string | null } | null } | null };

export type DeletePersonaMutationVariables = Exact<{
  input: DeleteCustomerPersonaInput;
}>;


export type DeletePersonaMutation = { __typename: 'Mutation', deleteCustomerPersona: { __typename: 'DeleteCustomerPersonaPayload', deletedId: string | null } | null };


export const ListPersonasDocument = {"__meta__":{"hash":"sha256:c656d985d3d2d94f8d25c117da7e7096f2b5c4d94a83bda2c34e4aa69b60ee97"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"ListPersonas"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"agentId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"personasByAgent"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"agentId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"agentId"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"goal"}}]}}]}}]} as unknown as DocumentNode<ListPersonasQuery, ListPersonasQueryVariables>;
export const CreatePersonaDocument = {"__meta__":{"hash":"sha256:4e4162ed92a274f53df30f374621f7c2c619a37c1f7f662cd6182d5ed300da67"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"CreatePersona"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateCustomerPersonaInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"createCustomerPersona"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"customerPersona"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"goal"}}]}}]}}]}}]} as unknown as DocumentNode<CreatePersonaMutation, CreatePersonaMutationVariables>;
export const UpdatePersonaDocument = {"__meta__":{"hash":"sha256:eb169762e2b00b58ae2f26825e562626cb42c2e5efe891c7b57d9f36ccfd0edc"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"UpdatePersona"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"UpdateCustomerPersonaInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"updateCustomerPersona"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"customerPersona"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"goal"}}]}}]}}]}}]} as unknown as DocumentNode<UpdatePersonaMutation, UpdatePersonaMutationVariables>;
export const DeletePersonaDocument = {"__meta__":{"hash":"sha256:bea8d95fb7fc5fda82da00cda06dc3899e359cc4f6fa2bd00c78cb2a57c35f45"},"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"DeletePersona"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"DeleteCustomerPersonaInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"deleteCustomerPersona"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"deletedId"}}]}}]}}]} as unknown as DocumentNode<DeletePersonaMutation, DeletePersonaMutationVariables>;