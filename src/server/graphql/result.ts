import type { ExecutionResult, FormattedExecutionResult } from 'graphql';
import type { Logger } from '../../observability/logger.ts';
import { formatErrors, isRequestError } from './errors.ts';
import type { ErrorContext, FormattedError } from './errors.ts';
import type { GraphQLRequest } from './request.ts';
import type { ResponseMediaType } from '../http/media-type.ts';
import { increment } from '../http/statistics.ts';

/** Puts the errors of a result into the terms of the table, and counts them for the log. */
export type FormatResult = (result: ExecutionResult, request: GraphQLRequest) => FormattedResult;

/** A result as it is answered. */
interface FormattedResult extends Omit<FormattedExecutionResult, 'errors'> {
  readonly errors?: readonly FormattedError[];
}

const maxOperationNameLength = 100;

export function createFormatResult(logger: Logger, titleOf?: ErrorContext['titleOf']): FormatResult {
  return (result, { requestId, caller, statistics }) => {
    if (result.errors === undefined) return result as Omit<ExecutionResult, 'errors'>;
    const errors = formatErrors(result.errors, {
      requestId,
      titleOf,
      onFailure({ message, upstream }) {
        const reason = upstream?.status === undefined ? message : `${message} (${upstream.status})`;
        increment(statistics.failures, reason);
      },
      onUnforeseen(error) {
        // A caller that left made its own reads fail; nobody is there to see it.
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
 * The status of an answer with errors (GraphQL over HTTP, "Status Codes"). Only a refusal of the whole request
 * has one of its own: a router drops the whole answer of a status that failed.
 */
export function statusOf(errors: readonly FormattedError[], mediaType: ResponseMediaType): number {
  if (!errors.some(isRequestError)) return 200;
  if (errors.some(({ extensions }) => extensions['code'] === 'INTERNAL_SERVER_ERROR')) return 500;
  return mediaType === 'application/json' ? 200 : 400;
}

/** An operation's name as the log has it. */
export function shortenName(name: string | undefined): string | undefined {
  return name?.slice(0, maxOperationNameLength);
}
