import type { Outcome, ServerEvents } from '../../observability/events.ts';
import type { Lane } from './request.ts';
import { outcomeOf } from './outcome.ts';
import { Refusal } from '../http/refusal.ts';

/** A lane that tells of each operation; where nobody listens, the lane itself. */
export function observeLane(lane: Lane, { onOperation }: ServerEvents): Lane {
  if (onOperation === undefined) return lane;
  return async (request) => {
    const startedAt = performance.now();
    // What a lane rejects with is a defect, or a refusal.
    let outcome: Outcome = 'server_error';
    try {
      const response = await lane(request);
      outcome = outcomeOf(request);
      return response;
    } catch (error) {
      if (error instanceof Refusal) outcome = 'client_error';
      throw error;
    } finally {
      const durationMs = performance.now() - startedAt;
      onOperation({ name: request.statistics.operationName, outcome, durationMs });
    }
  };
}
