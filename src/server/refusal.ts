import type { ErrorCode } from './errors.ts';
import { ExpectedError } from '../expected-error.ts';

/** A request that is refused before any GraphQL runs: it has an HTTP status of its own. */
export class Refusal extends ExpectedError {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: ErrorCode;
  readonly headers: Readonly<Record<string, string>>;
  /** Beside the code and the request id. */
  readonly extensions: Readonly<Record<string, unknown>>;

  /** @param message says what to do; it reaches the client, so it repeats nothing that the client sent */
  constructor(
    status: number,
    code: ErrorCode,
    message: string,
    headers: Record<string, string> = {},
    extensions: Record<string, unknown> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
    this.extensions = extensions;
  }
}
