import { BluejayError } from './bluejay/errors.ts';

const agentIdPattern = /^(?:0|-?[1-9]\d{0,15})$/;

/**
 * The number that an agent's id stands for: Bluejay's are integers, GraphQL's are strings. It must be a
 * safe integer in its one canonical form (no plus, zeros or spaces to spare), so that one agent has one key.
 *
 * @param argument what the caller calls the id
 * @throws {BluejayError} `invalid_input` for anything else
 */
export function readAgentId(value: unknown, argument: string): number {
  if (typeof value === 'number' || (typeof value === 'string' && agentIdPattern.test(value))) {
    const agentId = Number(value);
    if (Number.isSafeInteger(agentId)) return agentId;
  }
  const message = 'Expected the id of an agent: a whole number such as 7';
  throw new BluejayError({
    kind: 'invalid_input',
    fieldErrors: [{ path: [argument], message, type: 'int_parsing' }],
  });
}
