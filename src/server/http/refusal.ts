import type { ErrorCode } from '../../shared/error-codes.ts';
import { ExpectedError } from '../../shared/expected-error.ts';

/** Refuses a request before GraphQL runs, so that the answer has an HTTP status of its own. */
export class Refusal extends ExpectedError {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: ErrorCode;
  readonly headers: Readonly<Record<string, string>>;
  /** Further members of the error's `extensions`. */
  readonly extensions: Readonly<Record<string, unknown>>;
  /** The JSON before and after the request id. Kept, because under load one refusal answers thousands of requests. */
  #body: readonly [string, string] | undefined;

  /** @param message for the client: says what to do, and repeats nothing that the client sent */
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

  /**
   * Returns the GraphQL response as JSON.
   *
   * @param requestId as `readRequestId` returns it, so that JSON needs no escapes
   */
  bodyFor(requestId: string): string {
    const [before, after] = (this.#body ??= this.#createBody());
    return before + requestId + after;
  }

  #createBody(): readonly [string, string] {
    const { message, code, extensions } = this;
    const text = JSON.stringify({
      errors: [{ message, extensions: { code, requestId: '', ...extensions } }],
    });
    const end = text.indexOf('"requestId":"') + '"requestId":"'.length;
    return [text.slice(0, end), text.slice(end)];
  }
}
