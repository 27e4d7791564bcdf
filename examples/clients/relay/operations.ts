import { graphql } from 'relay-runtime';

// relay-compiler reads these and writes __generated__ (`npm run relay`). In an application babel-plugin-relay puts an
// import of the artifact in the place of each; ../relay.ts runs without Babel and imports the artifacts itself.

export const listQuery = graphql`
  query operationsListQuery($agentId: ID!) {
    personasByAgent(agentId: $agentId) {
      id
      name
      goal @catch
    }
  }
`;

export const createMutation = graphql`
  mutation operationsCreateMutation($input: CreateCustomerPersonaInput!) {
    createCustomerPersona(input: $input) {
      customerPersona {
        id
        name
        goal
      }
    }
  }
`;

export const updateMutation = graphql`
  mutation operationsUpdateMutation($input: UpdateCustomerPersonaInput!) {
    updateCustomerPersona(input: $input) {
      customerPersona {
        id
        name
        goal
      }
    }
  }
`;

export const deleteMutation = graphql`
  mutation operationsDeleteMutation($input: DeleteCustomerPersonaInput!) {
    deleteCustomerPersona(input: $input) {
      deletedId
    }
  }
`;
