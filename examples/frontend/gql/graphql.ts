/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type PersonaQueryVariables = Exact<{
  id: string;
}>;


export type PersonaQuery = { persona: { id: string, createdAt: string | null, name: string | null, description: string | null, goal: string | null, orgId: string | null } | null };

export type PersonasQueryVariables = Exact<{
  ids: Array<string> | string;
}>;


export type PersonasQuery = { personas: Array<{ id: string, name: string | null, goal: string | null } | null> | null };

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

export const PersonaDocument = new TypedDocumentString(`
    query Persona($id: UUID!) {
  persona(id: $id) {
    id
    createdAt
    name
    description
    goal
    orgId
  }
}
    `, {"hash":"sha256:413c2dd89ee4857f5eb2019478123ab8e2d484aa3cf5d5fb5cbacb31af1b7295"}) as unknown as TypedDocumentString<PersonaQuery, PersonaQueryVariables>;
export const PersonasDocument = new TypedDocumentString(`
    query Personas($ids: [UUID!]!) {
  personas(ids: $ids) {
    id
    name
    goal
  }
}
    `, {"hash":"sha256:81a1fe92adcc42b836441dcf3a665d2afaeaddb5da9d80853a0c5056206ba921"}) as unknown as TypedDocumentString<PersonasQuery, PersonasQueryVariables>;