/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
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

export type PersonasByAgentQueryVariables = Exact<{
  agentId: string | number;
}>;


export type PersonasByAgentQuery = { __typename: 'Query', personasByAgent: Array<{ __typename: 'CustomerPersona', id: string, name: string | null, goal: string | null }> | null };

export type PersonaQueryVariables = Exact<{
  id: string;
}>;


export type PersonaQuery = { __typename: 'Query', persona: { __typename: 'CustomerPersona', id: string, createdAt: string | null, name: string | null, description: string | null, goal: string | null } | null };

export type PersonaFieldsFragment = { __typename: 'CustomerPersona', id: string, createdAt: string | null, name: string | null, description: string | null, goal: string | null };

export type CreatePersonaMutationVariables = Exact<{
  input: CreateCustomerPersonaInput;
}>;


export type CreatePersonaMutation = { __typename: 'Mutation', createCustomerPersona: { __typename: 'CreateCustomerPersonaPayload', customerPersona: { __typename: 'CustomerPersona', id: string, createdAt: string | null, name: string | null, description: string | null, goal: string | null } | null } | null };

export type UpdatePersonaMutationVariables = Exact<{
  input: UpdateCustomerPersonaInput;
}>;


export type UpdatePersonaMutation = { __typename: 'Mutation', updateCustomerPersona: { __typename: 'UpdateCustomerPersonaPayload', customerPersona: { __typename: 'CustomerPersona', id: string, createdAt: string | null, name: string | null, description: string | null, goal: string | null } | null } | null };

export type DeletePersonaMutationVariables = Exact<{
  input: DeleteCustomerPersonaInput;
}>;


export type DeletePersonaMutation = { __typename: 'Mutation', deleteCustomerPersona: { __typename: 'DeleteCustomerPersonaPayload', deletedId: string | null } | null };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const PersonaFieldsFragmentDoc = new TypedDocumentString(`
    fragment PersonaFields on CustomerPersona {
  __typename
  id
  createdAt
  name
  description
  goal
}
    `, {"fragmentName":"PersonaFields"}) as unknown as TypedDocumentString<PersonaFieldsFragment, unknown>;
export const PersonasByAgentDocument = new TypedDocumentString(`
    query PersonasByAgent($agentId: ID!) {
  __typename
  personasByAgent(agentId: $agentId) {
    __typename
    id
    name
    goal
  }
}
    `) as unknown as TypedDocumentString<PersonasByAgentQuery, PersonasByAgentQueryVariables>;
export const PersonaDocument = new TypedDocumentString(`
    query Persona($id: UUID!) {
  __typename
  persona(id: $id) {
    __typename
    ...PersonaFields
  }
}
    fragment PersonaFields on CustomerPersona {
  __typename
  id
  createdAt
  name
  description
  goal
}`) as unknown as TypedDocumentString<PersonaQuery, PersonaQueryVariables>;
export const CreatePersonaDocument = new TypedDocumentString(`
    mutation CreatePersona($input: CreateCustomerPersonaInput!) {
  __typename
  createCustomerPersona(input: $input) {
    __typename
    customerPersona {
      __typename
      ...PersonaFields
    }
  }
}
    fragment PersonaFields on CustomerPersona {
  __typename
  id
  createdAt
  name
  description
  goal
}`) as unknown as TypedDocumentString<CreatePersonaMutation, CreatePersonaMutationVariables>;
export const UpdatePersonaDocument = new TypedDocumentString(`
    mutation UpdatePersona($input: UpdateCustomerPersonaInput!) {
  __typename
  updateCustomerPersona(input: $input) {
    __typename
    customerPersona {
      __typename
      ...PersonaFields
    }
  }
}
    fragment PersonaFields on CustomerPersona {
  __typename
  id
  createdAt
  name
  description
  goal
}`) as unknown as TypedDocumentString<UpdatePersonaMutation, UpdatePersonaMutationVariables>;
export const DeletePersonaDocument = new TypedDocumentString(`
    mutation DeletePersona($input: DeleteCustomerPersonaInput!) {
  __typename
  deleteCustomerPersona(input: $input) {
    __typename
    deletedId
  }
}
    `) as unknown as TypedDocumentString<DeletePersonaMutation, DeletePersonaMutationVariables>;