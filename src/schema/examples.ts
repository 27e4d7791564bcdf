/** The documents that GraphiQL opens with. */
export const examples: readonly string[] = [
  `# The persona of Bluejay's own reference page. Press ▶ or Ctrl+Enter.
query Persona {
  persona(id: "3c90c3cc-0d44-4b50-8888-8dd25736052a") {
    id
    createdAt
    name
    description
    goal
    orgId
  }
}
`,
  `# One entry for each id, in this order; null where there is no such persona.
query Personas {
  personas(
    ids: [
      "0b6f5a52-19c1-4f0e-9a53-5d2f0f6f7b01"
      "00000000-0000-4000-8000-000000000000"
      "9d2c1e6b-64b1-4e8e-b1ce-3f5a1c7d8e03"
    ]
  ) {
    id
    name
    goal
  }
}
`,
  `# The personas of an agent. What the list brings is not read again in the same request.
query Agent {
  personasByAgent(agentId: "7") {
    id
    name
    goal
  }
}
`,
  `# What a router asks a subgraph.
query Entities {
  _entities(
    representations: [
      { __typename: "CustomerPersona", id: "3c90c3cc-0d44-4b50-8888-8dd25736052a" }
    ]
  ) {
    ... on CustomerPersona {
      name
    }
  }
}
`,
];
