import type { IncomingHttpHeaders } from 'node:http';
import type { Attempt, AttemptResult } from '../../datasources/upstream/attempt.ts';

/** Makes the spans of requests and delivers them. */
export interface Tracing {
  /**
   * Starts a server span. It joins the caller's trace where `traceparent` says so (W3C Trace Context).
   *
   * @param route the path of the route, undefined where there is none
   */
  startRequest(method: string, route: string | undefined, headers: IncomingHttpHeaders): RequestTrace;
  /** Delivers what is left, within two seconds; never rejects. */
  close(): Promise<void>;
}

export interface RequestTrace {
  readonly traceId: string;
  /** Starts the span of the request's GraphQL operation. */
  startOperation(): OperationTrace;
  /** @param status undefined when the client went away before it had its answer */
  end(status: number | undefined): void;
}

export interface OperationTrace {
  /** @returns the headers that let the service join the trace */
  startAttempt(attempt: Attempt): Readonly<Record<string, string>>;
  endAttempt(attempt: Attempt, result: AttemptResult): void;
  end(operation: TracedOperation): void;
}

export interface TracedOperation {
  readonly name: string | undefined;
  /** `query`, for instance; undefined for a document that is refused. */
  readonly type: string | undefined;
  /** A code of the error table, where the answer has any that is the server's fault. */
  readonly errorCode: string | undefined;
}
