/** How a deployment's schema names what other subgraphs may have, too. */
export interface SchemaNames {
  /** The entity whose personas this subgraph contributes, which another subgraph owns. `none`: it contributes none. */
  readonly agentType: string;
  /** Begins the name of each type and root field of this subgraph, except scalars; empty for none. */
  readonly prefix: string;
}

/** The names as the source has them. */
export const defaultNames: SchemaNames = { agentType: 'Agent', prefix: '' };

/** A root field's name: `persona` with the prefix `Bluejay` is `bluejayPersona`, and with `BJ` `bjPersona`. */
export function rootFieldName({ prefix }: SchemaNames, name: string): string {
  if (prefix === '') return name;
  const start = prefix.replace(/^[A-Z]+(?![a-z])|^[A-Z]/, (capitals) => capitals.toLowerCase());
  return `${start}${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** A type's name: `CustomerPersona` with the prefix `Bluejay` is `BluejayCustomerPersona`. */
export function typeName({ agentType, prefix }: SchemaNames, name: string): string {
  return name === defaultNames.agentType ? agentType : `${prefix}${name}`;
}
