import type { ErrorCode } from '../../shared/error-codes.ts';
import { ExpectedError } from '../../shared/expected-error.ts';

/** A request that is refused before any GraphQL runs: it has an HTTP status of its own. */
export class Refusal extends ExpectedError {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: ErrorCode;
  readonly headers: Readonly<Record<string, string>>;
  /** Beside the code and the request id. */
  readonly extensions: Readonly<Record<string, unknown>>;
  /** What comes before and after the request id: under load one refusal answers thousands of requests. */
  #body: readonly [string, string] | undefined;

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

  /**
   * The GraphQL response that says so.
   *
   * @param requestId as `readRequestId` returns it: it needs no escapes in JSON
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
