/** Events of the gateway's server, such as for metrics. */
export interface ServerEvents {
  readonly onRequestStart?: (() => void) | undefined;
  readonly onRequestEnd?: ((request: RequestEnd) => void) | undefined;
  /** Called when a GraphQL operation has its result, or was refused. */
  readonly onOperation?: ((operation: OperationEnd) => void) | undefined;
}

/** An HTTP request that was answered, or whose client went away. */
export interface RequestEnd {
  /** As the client sent it; empty where the bytes are not HTTP. */
  readonly method: string;
  /** The path of the route, or `unknown`. */
  readonly route: string;
  /** Undefined when the client went away before its answer was sent. */
  readonly status: number | undefined;
  /** 0 for bytes that the parser made no request of. */
  readonly durationMs: number;
  /** How often each `extensions.code` is in the answer. */
  readonly errorCodes: Readonly<Partial<Record<string, number>>>;
  /** How often each limit was broken. */
  readonly brokenLimits: Readonly<Partial<Record<string, number>>>;
}

/** A GraphQL operation that has ended. */
export interface OperationEnd {
  /** As the client named it; undefined for an anonymous operation, and for a refused document. */
  readonly name: string | undefined;
  readonly outcome: OperationOutcome;
  readonly durationMs: number;
}

/**
 * How an operation ended. `server_error`: a part of the answer is missing through a fault of the gateway or of a service;
 * `client_error`: only through faults of the client; `aborted`: the client went away before the answer.
 */
export type OperationOutcome = 'ok' | 'client_error' | 'server_error' | 'aborted';
