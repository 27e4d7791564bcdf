import type { Caller } from '../datasources/bluejay/call.ts';
import type { GraphQLParams } from './graphql-params.ts';
import type { ResponseMediaType } from './media-type.ts';

/** What a request did, for its line in the log. */
export interface RequestStatistics {
  operationName: string | undefined;
  upstreamCalls: number;
  /** How often each `extensions.code` is in the answer. */
  readonly errorCodes: Partial<Record<string, number>>;
  /** How often each failure of a read is in the answer, with its reason: `unavailable: ECONNREFUSED`. */
  readonly failures: Partial<Record<string, number>>;
}

/** A GraphQL request after HTTP has been dealt with: what every lane takes. */
export interface GraphQLRequest {
  readonly params: GraphQLParams;
  readonly mediaType: ResponseMediaType;
  readonly requestId: string;
  readonly caller: Caller;
  readonly statistics: RequestStatistics;
  /** Whether the router has asked for a trace of the operation. */
  readonly wantsTrace: boolean;
}

interface GraphQLResponse {
  readonly status: number;
  /** JSON, of the request's media type. */
  readonly body: string;
  /** For the `Cache-Control` header. */
  readonly cacheControl: string;
}

/** Executes a request. Rejects only for defects: what GraphQL finds wrong is in the response. */
export type Lane = (request: GraphQLRequest) => Promise<GraphQLResponse>;
