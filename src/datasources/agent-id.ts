const agentIdPattern = /^(?:0|-?[1-9]\d{0,15})$/;

/**
 * The number that an agent's id stands for: Bluejay's ids are integers, GraphQL's are strings. It must be a safe
 * integer in its canonical form (no plus sign, leading zeros or spaces), so that one agent has one key.
 *
 * @returns undefined for an id that Bluejay cannot have
 */
export function parseAgentId(value: string | number): number | undefined {
  if (typeof value === 'string' && !agentIdPattern.test(value)) return undefined;
  const agentId = Number(value);
  return Number.isSafeInteger(agentId) ? agentId : undefined;
}
