/** Every `extensions.code` that can leave the gateway, and when. The README prints this table. */
export const errorTable = {
  BAD_USER_INPUT:
    'An argument is wrong: refused by the schema, or by Bluejay with a 422 about the path, query or body.',
  UNAUTHENTICATED:
    'No API key, a malformed one, or one that Bluejay does not accept; or, with `ROUTER_SECRET`, not the router’s secret.',
  FORBIDDEN: 'The API key may not do this.',
  NOT_FOUND: 'Bluejay has nothing of the id of a write that the API key may see.',
  CONFLICT: 'Bluejay refuses a write for the state that the thing is in (409).',
  RATE_LIMITED: 'Too many requests: Bluejay limits this API key, or the gateway limits the caller.',
  UPSTREAM_TIMEOUT: 'Bluejay did not answer in time.',
  UPSTREAM_UNAVAILABLE:
    'Bluejay cannot be reached, or answers 502, 503, 504 or the like, after retries; or the circuit breaker is open.',
  UPSTREAM_ERROR: 'Bluejay answered with any other status, or something else with a 404 in its place.',
  UPSTREAM_INVALID_RESPONSE:
    'Bluejay answered with something unusable: not JSON, a wrong shape or value, another id, too large, a redirect.',
  OVERLOADED: 'Too many calls are waiting for Bluejay already, or too many requests for the gateway.',
  QUERY_TOO_COMPLEX: 'A limit on the query is broken; `limit` names it.',
  GRAPHQL_PARSE_FAILED: 'The document is not GraphQL.',
  GRAPHQL_VALIDATION_FAILED: 'The document does not fit the schema.',
  BAD_REQUEST:
    'Refused before GraphQL: for its path, method, headers, size, time or body, for the page that sent it, or for a `query` where only trusted documents are executed. Or it names no operation of its document.',
  PERSISTED_QUERY_NOT_SUPPORTED:
    'An id came without its document, and there are no trusted documents: send the text.',
  PERSISTED_QUERY_NOT_FOUND: 'No trusted document has the id: send the text.',
  PERSISTED_QUERY_NOT_IN_LIST: 'No trusted document has the id, and no other document is executed.',
  INTERNAL_SERVER_ERROR: 'Anything unforeseen. The log has the cause under `requestId`.',
} as const;

export type ErrorCode = keyof typeof errorTable;
