import { graphql } from './gql/index.ts';

/** The personas of an agent. */
export const listQuery = graphql(`
  query ListPersonas($agentId: ID!) {
    personasByAgent(agentId: $agentId) {
      id
      name
      goal
    }
  }
`);

export const createMutation = graphql(`
  mutation CreatePersona($input: CreateCustomerPersonaInput!) {
    createCustomerPersona(input: $input) {
      customerPersona {
        id
        name
        goal
      }
    }
  }
`);

export const updateMutation = graphql(`
  mutation UpdatePersona($input: UpdateCustomerPersonaInput!) {
    updateCustomerPersona(input: $input) {
      customerPersona {
        id
        name
        goal
      }
    }
  }
`);

export const deleteMutation = graphql(`
  mutation DeletePersona($input: DeleteCustomerPersonaInput!) {
    deleteCustomerPersona(input: $input) {
      deletedId
    }
  }
`);
