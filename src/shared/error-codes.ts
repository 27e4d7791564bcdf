/** Every `extensions.code` that can leave the gateway, and when. `docs/errors.md` has this table. */
export const errorTable = {
  BAD_USER_INPUT: 'The schema refuses an argument, or Bluejay refuses the input with a 422.',
  UNAUTHENTICATED:
    'The API key is missing, malformed or not accepted by Bluejay. With `ROUTER_SECRET`: the secret is missing or wrong.',
  FORBIDDEN: 'Bluejay accepts the API key, and the key may not do this.',
  NOT_FOUND: 'A write names an id that does not exist, or that the API key may not see.',
  CONFLICT: 'Bluejay refuses a write because of the current state of the resource (409).',
  RATE_LIMITED: 'Bluejay limits this API key, or the gateway limits this caller (`RATE_LIMIT`).',
  UPSTREAM_TIMEOUT: 'Bluejay did not answer in time.',
  UPSTREAM_UNAVAILABLE:
    'Bluejay cannot be reached, answers 502, 503, 504 or the like after retries, or the circuit breaker is open.',
  UPSTREAM_ERROR: 'Bluejay answers with another status, or a 404 comes from something other than Bluejay.',
  UPSTREAM_INVALID_RESPONSE:
    'The answer of Bluejay is unusable: not JSON, a wrong shape or value, another id, too large, or a redirect.',
  OVERLOADED: 'Too many calls wait for Bluejay, or too many requests for the gateway.',
  QUERY_TOO_COMPLEX: 'The operation breaks a limit, which `limit` names.',
  GRAPHQL_PARSE_FAILED: 'The document is not valid GraphQL syntax.',
  GRAPHQL_VALIDATION_FAILED: 'The document does not fit the schema.',
  BAD_REQUEST:
    'The HTTP request is refused: for its path, method, headers, size, slowness or origin, because it names no operation of its document, or because only trusted documents are executed.',
  PERSISTED_QUERY_NOT_SUPPORTED:
    'The request has an id instead of a document, and there are no trusted documents.',
  PERSISTED_QUERY_NOT_FOUND: 'No trusted document has this id. Other documents are executed, too.',
  PERSISTED_QUERY_NOT_IN_LIST: 'No trusted document has this id. Other documents are not executed.',
  INTERNAL_SERVER_ERROR: 'A defect of the gateway. Its log has the cause under `requestId`.',
} as const;

export type ErrorCode = keyof typeof errorTable;
