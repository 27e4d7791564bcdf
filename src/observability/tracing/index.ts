import type { IncomingHttpHeaders } from 'node:http';
import type { Attempt, AttemptResult } from '../../datasources/upstream/attempt.ts';

/** Creates the spans of requests and exports them. */
export interface Tracing {
  /**
   * Starts a server span, as a child of the caller's where the request has a `traceparent` (W3C Trace Context).
   *
   * @param route the path of the route, undefined where there is none
   */
  startRequest(method: string, route: string | undefined, headers: IncomingHttpHeaders): RequestTrace;
  /** Exports the remaining spans, within two seconds; never rejects. */
  close(): Promise<void>;
}

export interface RequestTrace {
  readonly traceId: string;
  /** Starts the span of the request's GraphQL operation. */
  startOperation(): OperationTrace;
  /** @param status undefined when the client went away before its answer was sent */
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
  /** Such as `query`; undefined for a refused document. */
  readonly type: string | undefined;
  /** The code of an error that is the server's fault; undefined where there is none. */
  readonly errorCode: string | undefined;
}
