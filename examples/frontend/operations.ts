import { graphql } from './gql/index.ts';

/** One persona with every field. */
export const personaQuery = graphql(`
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
`);

/** Several personas, in the order of the ids. */
export const personasQuery = graphql(`
  query Personas($ids: [UUID!]!) {
    personas(ids: $ids) {
      id
      name
      goal
    }
  }
`);
