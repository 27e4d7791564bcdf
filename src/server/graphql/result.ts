import type { ExecutionResult, FormattedExecutionResult } from 'graphql';
import type { Logger } from '../../observability/logger.ts';
import { formatErrors, isRequestError } from './errors.ts';
import type { FormattedError } from './errors.ts';
import type { GraphQLRequest } from './request.ts';
import type { ResponseMediaType } from '../http/media-type.ts';
import { increment } from '../http/statistics.ts';

/** Formats the errors of a result with the error table, and counts them in the request's statistics. */
export type FormatResult = (result: ExecutionResult, request: GraphQLRequest) => FormattedResult;

/** A result as the answer has it. */
interface FormattedResult extends Omit<FormattedExecutionResult, 'errors'> {
  readonly errors?: readonly FormattedError[];
}

const maxOperationNameLength = 100;

/** Creates the function that formats results, which logs the cause of each masked error. */
export function createFormatResult(logger: Logger): FormatResult {
  return (result, { requestId, caller, statistics }) => {
    if (result.errors === undefined) return result as Omit<ExecutionResult, 'errors'>;
    const errors = formatErrors(result.errors, {
      requestId,
      onFailure({ message, upstream }) {
        const reason = upstream?.status === undefined ? message : `${message} (${upstream.status})`;
        increment(statistics.failures, reason);
      },
      onUnforeseen(error) {
        // The reads of a caller that went away fail with the reason of its cancellation.
        if (error !== caller.signal?.reason) logger.error({ requestId, err: error }, 'unforeseen error');
      },
    });
    for (const { extensions } of errors) {
      const { code, limit } = extensions;
      increment(statistics.errorCodes, String(code));
      if (typeof limit === 'string') increment(statistics.brokenLimits, limit);
    }
    return errors.some(isRequestError) ? { errors } : { ...result, errors };
  };
}

/**
 * Returns the status of an answer with errors (GraphQL over HTTP, "Status Codes"). Errors of fields leave it at 200,
 * because a router drops all data of an answer with another status.
 */
export function statusOf(errors: readonly FormattedError[], mediaType: ResponseMediaType): number {
  if (!errors.some(isRequestError)) return 200;
  if (errors.some(({ extensions }) => extensions['code'] === 'INTERNAL_SERVER_ERROR')) return 500;
  return mediaType === 'application/json' ? 200 : 400;
}

/** Shortens an operation's name for the log, because the client chooses it. */
export function shortenName(name: string | undefined): string | undefined {
  return name?.slice(0, maxOperationNameLength);
}
