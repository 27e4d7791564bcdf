import type { IncomingHttpHeaders } from 'node:http';
import type { CallCancellation } from '../../../shared/cancellation.ts';
import type { CallObserver } from '../attempt.ts';
import type { Validators } from '../cache/validators.ts';
import type { Method } from '../endpoint.ts';
import type { CallName } from '../errors.ts';

/** One request, as it is sent. */
export interface TransportRequest {
  /** Names the call in errors. */
  readonly name: CallName;
  readonly method: Method;
  /** Starts with a slash; every segment must be safe in a URL already. */
  readonly path: string;
  /** Sent as JSON; undefined sends no body. */
  readonly body?: unknown;
  readonly apiKey: string;
  /** The largest body that is read. */
  readonly maxResponseBytes: number;
  /** The validators of a cached answer: make the request conditional (RFC 9110, section 13). */
  readonly validators?: Validators | undefined;
  /** Additional headers, such as a trace's context. The transport's own replace those of the same name. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Its `onBody` is called for each part of the body. Where that returns false, the body counts as too large. */
  readonly observer?: Pick<CallObserver, 'onBody'> | undefined;
  /** Aborts the call and closes its socket. */
  readonly signal?: CallCancellation | undefined;
}

/** A response whose body has been read, or is not needed. */
export interface TransportResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Empty where the status says enough. */
  readonly body: string;
}
