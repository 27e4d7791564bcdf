import { DeadlineExceeded } from '../../datasources/upstream/errors.ts';
import type { OperationOutcome } from '../../observability/events.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';
import type { GraphQLRequest } from './request.ts';
import type { RequestStatistics } from '../http/statistics.ts';

/** The codes of errors that are not the client's fault. */
const serverFaults = [
  'INTERNAL_SERVER_ERROR',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_ERROR',
  'UPSTREAM_INVALID_RESPONSE',
  'OVERLOADED',
] as const satisfies ErrorCode[];

/** Returns the code of an error that is the server's fault, undefined where the answer has none. */
export function serverFaultOf({ errorCodes }: RequestStatistics): ErrorCode | undefined {
  return serverFaults.find((code) => errorCodes[code] !== undefined);
}

/** Returns the outcome of an operation that has its result. */
export function outcomeOf({ statistics, caller: { signal } }: GraphQLRequest): OperationOutcome {
  // The reads of a client that went away fail, which is no fault of the server.
  if (signal?.aborted === true && !(signal.reason instanceof DeadlineExceeded)) return 'aborted';
  if (Object.keys(statistics.errorCodes).length === 0) return 'ok';
  return serverFaultOf(statistics) === undefined ? 'client_error' : 'server_error';
}
