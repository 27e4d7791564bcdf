/**
 * An error that is an answer and no defect. Nobody reads where it was made, and to find that out costs more than
 * the rest of it.
 */
export class ExpectedError extends Error {
  constructor(message: string) {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = limit;
  }
}
