/**
 * An error that is part of normal operation. It captures no stack: that costs more than the rest of it, and only defects
 * need one.
 */
export class ExpectedError extends Error {
  constructor(message: string) {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = limit;
  }
}
