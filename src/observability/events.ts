/** What happens at the gateway's own door, for metrics. */
export interface ServerEvents {
  readonly onRequestStart?: (() => void) | undefined;
  readonly onRequestEnd?: ((request: RequestEnd) => void) | undefined;
  /** A GraphQL operation has its result, or was refused. */
  readonly onOperation?: ((operation: OperationEnd) => void) | undefined;
}

/** An HTTP request that has been answered, or whose client is gone. */
export interface RequestEnd {
  /** As the client sent it; empty where what it sent is not HTTP. */
  readonly method: string;
  /** The path of the route, or `unknown`. */
  readonly route: string;
  /** Undefined when the client went away before it had its answer. */
  readonly status: number | undefined;
  /** 0 for what was refused before it was a request. */
  readonly durationMs: number;
  /** How often each `extensions.code` is in the answer. */
  readonly errorCodes: Readonly<Partial<Record<string, number>>>;
  /** How often each limit was broken. */
  readonly brokenLimits: Readonly<Partial<Record<string, number>>>;
}

export interface OperationEnd {
  /** As the client named it; undefined for an anonymous one, and for a document that is refused. */
  readonly name: string | undefined;
  readonly outcome: OperationOutcome;
  readonly durationMs: number;
}

/**
 * How an operation ended. `server_error`: a part of the answer is missing through a fault of the gateway or of a service;
 * `client_error`: only through faults of the client; `aborted`: the client went away before the answer.
 */
export type OperationOutcome = 'ok' | 'client_error' | 'server_error' | 'aborted';
