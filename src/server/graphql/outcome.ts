import { DeadlineExceeded } from '../../datasources/upstream/errors.ts';
import type { OperationOutcome } from '../../observability/events.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';
import type { GraphQLRequest } from './request.ts';
import type { RequestStatistics } from '../http/statistics.ts';

/** The codes of what is not the client's fault. */
const serverFaults = [
  'INTERNAL_SERVER_ERROR',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_ERROR',
  'UPSTREAM_INVALID_RESPONSE',
  'OVERLOADED',
] as const satisfies ErrorCode[];

/** The code of an error that is the server's fault, if the answer has any. */
export function serverFaultOf({ errorCodes }: RequestStatistics): ErrorCode | undefined {
  return serverFaults.find((code) => errorCodes[code] !== undefined);
}

/** How an operation that has its result ended. */
export function outcomeOf({ statistics, caller: { signal } }: GraphQLRequest): OperationOutcome {
  // A client that leaves makes its own reads fail, and nobody sees it.
  if (signal?.aborted === true && !(signal.reason instanceof DeadlineExceeded)) return 'aborted';
  if (Object.keys(statistics.errorCodes).length === 0) return 'ok';
  return serverFaultOf(statistics) === undefined ? 'client_error' : 'server_error';
}
