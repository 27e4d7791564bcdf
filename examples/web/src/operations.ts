import { graphql } from './gql/index.ts';

/** The personas of one agent: what a list shows of them. */
export const personasByAgentQuery = graphql(`
  query PersonasByAgent($agentId: ID!) {
    personasByAgent(agentId: $agentId) {
      id
      name
      goal
    }
  }
`);

/** One persona with all that the page shows of it. */
export const personaQuery = graphql(`
  query Persona($id: UUID!) {
    persona(id: $id) {
      ...PersonaFields
    }
  }

  fragment PersonaFields on CustomerPersona {
    id
    createdAt
    name
    description
    goal
  }
`);

export const createPersonaMutation = graphql(`
  mutation CreatePersona($input: CreateCustomerPersonaInput!) {
    createCustomerPersona(input: $input) {
      customerPersona {
        ...PersonaFields
      }
    }
  }
`);

export const updatePersonaMutation = graphql(`
  mutation UpdatePersona($input: UpdateCustomerPersonaInput!) {
    updateCustomerPersona(input: $input) {
      customerPersona {
        ...PersonaFields
      }
    }
  }
`);

export const deletePersonaMutation = graphql(`
  mutation DeletePersona($input: DeleteCustomerPersonaInput!) {
    deleteCustomerPersona(input: $input) {
      deletedId
    }
  }
`);
