const agentIdPattern = /^(?:0|-?[1-9]\d{0,15})$/;

/**
 * Parses an agent's id: Bluejay's ids are integers, GraphQL's are strings. Accepts safe integers in canonical form (no
 * plus sign, leading zeros or spaces), so that one agent has one key.
 *
 * @returns undefined for an id that Bluejay cannot have
 */
export function parseAgentId(value: string | number): number | undefined {
  if (typeof value === 'string' && !agentIdPattern.test(value)) return undefined;
  const agentId = Number(value);
  return Number.isSafeInteger(agentId) ? agentId : undefined;
}
