import type { Failure } from '../errors.ts';

/** Classifies an error of the connection by undici's and Node's codes. */
export function classifyNetworkError(error: Error): Failure {
  // Some versions of the parser give it no code.
  if (error.name === 'HTTPParserError') return { kind: 'invalid_response', reason: 'malformed_http' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
  switch (code) {
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return { kind: 'timeout', phase: 'connect' };
    case 'UND_ERR_HEADERS_OVERFLOW':
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return { kind: 'invalid_response', reason: 'malformed_http' };
    default:
      return { kind: 'unavailable', reason: code };
  }
}
