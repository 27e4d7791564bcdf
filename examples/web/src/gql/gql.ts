/* eslint-disable */
import * as types from './graphql.ts';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query PersonasByAgent($agentId: ID!) {\n    personasByAgent(agentId: $agentId) {\n      id\n      name\n      goal\n    }\n  }\n": typeof types.PersonasByAgentDocument,
    "\n  query Persona($id: UUID!) {\n    persona(id: $id) {\n      ...PersonaFields\n    }\n  }\n\n  fragment PersonaFields on CustomerPersona {\n    id\n    createdAt\n    name\n    description\n    goal\n  }\n": typeof types.PersonaDocument,
    "\n  mutation CreatePersona($input: CreateCustomerPersonaInput!) {\n    createCustomerPersona(input: $input) {\n      customerPersona {\n        ...PersonaFields\n      }\n    }\n  }\n": typeof types.CreatePersonaDocument,
    "\n  mutation UpdatePersona($input: UpdateCustomerPersonaInput!) {\n    updateCustomerPersona(input: $input) {\n      customerPersona {\n        ...PersonaFields\n      }\n    }\n  }\n": typeof types.UpdatePersonaDocument,
    "\n  mutation DeletePersona($input: DeleteCustomerPersonaInput!) {\n    deleteCustomerPersona(input: $input) {\n      deletedId\n    }\n  }\n": typeof types.DeletePersonaDocument,
};
const documents: Documents = {
    "\n  query PersonasByAgent($agentId: ID!) {\n    personasByAgent(agentId: $agentId) {\n      id\n      name\n      goal\n    }\n  }\n": types.PersonasByAgentDocument,
    "\n  query Persona($id: UUID!) {\n    persona(id: $id) {\n      ...PersonaFields\n    }\n  }\n\n  fragment PersonaFields on CustomerPersona {\n    id\n    createdAt\n    name\n    description\n    goal\n  }\n": types.PersonaDocument,
    "\n  mutation CreatePersona($input: CreateCustomerPersonaInput!) {\n    createCustomerPersona(input: $input) {\n      customerPersona {\n        ...PersonaFields\n      }\n    }\n  }\n": types.CreatePersonaDocument,
    "\n  mutation UpdatePersona($input: UpdateCustomerPersonaInput!) {\n    updateCustomerPersona(input: $input) {\n      customerPersona {\n        ...PersonaFields\n      }\n    }\n  }\n": types.UpdatePersonaDocument,
    "\n  mutation DeletePersona($input: DeleteCustomerPersonaInput!) {\n    deleteCustomerPersona(input: $input) {\n      deletedId\n    }\n  }\n": types.DeletePersonaDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query PersonasByAgent($agentId: ID!) {\n    personasByAgent(agentId: $agentId) {\n      id\n      name\n      goal\n    }\n  }\n"): typeof import('./graphql.ts').PersonasByAgentDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Persona($id: UUID!) {\n    persona(id: $id) {\n      ...PersonaFields\n    }\n  }\n\n  fragment PersonaFields on CustomerPersona {\n    id\n    createdAt\n    name\n    description\n    goal\n  }\n"): typeof import('./graphql.ts').PersonaDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreatePersona($input: CreateCustomerPersonaInput!) {\n    createCustomerPersona(input: $input) {\n      customerPersona {\n        ...PersonaFields\n      }\n    }\n  }\n"): typeof import('./graphql.ts').CreatePersonaDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdatePersona($input: UpdateCustomerPersonaInput!) {\n    updateCustomerPersona(input: $input) {\n      customerPersona {\n        ...PersonaFields\n      }\n    }\n  }\n"): typeof import('./graphql.ts').UpdatePersonaDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DeletePersona($input: DeleteCustomerPersonaInput!) {\n    deleteCustomerPersona(input: $input) {\n      deletedId\n    }\n  }\n"): typeof import('./graphql.ts').DeletePersonaDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
