import { allowedFreshUntil } from '../upstream/cache/freshness.ts';
import { selectHeaders } from '../upstream/cache/validators.ts';
import { withoutKey } from '../upstream/call.ts';
import type { Reading } from '../upstream/call.ts';
import type { CustomerPersonasClient, CustomerPersonasEvents } from './customer-personas.ts';
import { decodeCustomerPersonaList } from './decode-customer-persona-list.ts';
import type { CustomerPersonaList } from './decode-customer-persona-list.ts';
import type { CustomerPersona } from './decode-customer-persona.ts';
import { deadlineError } from '../upstream/errors.ts';
import type { Fingerprint } from '../upstream/fingerprint.ts';
import { createRead } from '../upstream/read.ts';
import type { Chain } from '../upstream/resilience/chain.ts';
import { createCoalescer } from '../upstream/resilience/coalesce.ts';
import type { Transport } from '../upstream/transport/transport.ts';

export interface ListCustomerPersonasByAgentOptions {
  readonly transport: Transport;
  readonly fingerprint: Fingerprint;
  readonly chain: Chain;
  readonly events: CustomerPersonasEvents;
  /** Milliseconds since the epoch. */
  readonly wallClock: () => number;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

const operation = 'listCustomerPersonasByAgent';
/** Bluejay does not page the list, and descriptions can be long. */
const maxResponseBytes = 16_777_216;

/**
 * Reads an agent's personas: from a read that is in flight, or from Bluejay. Lists are not kept: which
 * personas an agent has changes more often than a persona does.
 */
export function createListCustomerPersonasByAgent(
  options: ListCustomerPersonasByAgentOptions,
): CustomerPersonasClient['listByAgent'] {
  const { transport, fingerprint, chain, events, wallClock, now } = options;
  const read = createRead<CustomerPersonaList>({
    chain,
    transport,
    operation,
    urlTemplate: '/v1/customer-personas-by-agent/{agent_id}',
    malformedPath: '/v1/customer-personas-by-agent/not-an-integer',
    argumentNames: new Map([['agent_id', 'agentId']]),
    absent: { personas: [], dropped: 0 },
    maxResponseBytes,
    now,
    onAttempt: events.onAttempt,
  });
  const coalescer = createCoalescer<Reading<readonly CustomerPersona[]>>({
    onCoalesced: () => events.onCoalesced?.(operation),
    leaveError: (reason) => deadlineError(reason, operation),
  });

  return (agentId, caller) => {
    const { apiKey = '' } = caller;
    const tenant = fingerprint(apiKey);
    if (tenant === undefined) return Promise.reject(withoutKey(apiKey));
    return coalescer.run(`${tenant}:${agentId}`, caller, async (context) => {
      const path = `/v1/customer-personas-by-agent/${agentId}`;
      const answer = await read({ path, apiKey, tenant, decode: decodeCustomerPersonaList }, context);
      // Nothing is kept, so no call was conditional.
      if (answer.kind !== 'full') throw new Error('A 304 without a condition');
      const { personas, dropped } = answer.value;
      if (dropped > 0) events.onItemsDropped?.(dropped);
      const sentAt = wallClock() - answer.elapsedMs;
      return { value: personas, freshUntil: allowedFreshUntil(selectHeaders(answer.headers), sentAt) };
    });
  };
}
