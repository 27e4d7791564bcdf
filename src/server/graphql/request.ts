import type { Reserve } from '../http/exchange.ts';
import type { Caller } from '../../datasources/upstream/call.ts';
import type { GraphQLParams } from './params.ts';
import type { ResponseMediaType } from '../http/media-type.ts';
import type { RequestStatistics } from '../http/statistics.ts';

/** A GraphQL request without HTTP, as the executor accepts it. */
export interface GraphQLRequest {
  readonly params: GraphQLParams;
  /** Whether only a query may be executed, as for a GET. @default false */
  readonly isReadOnly?: boolean;
  readonly mediaType: ResponseMediaType;
  readonly requestId: string;
  readonly caller: Caller;
  readonly statistics: RequestStatistics;
  /** Whether the router requests a trace of the operation. */
  readonly wantsTrace: boolean;
  readonly reserve?: Reserve | undefined;
}

export interface GraphQLResponse {
  readonly status: number;
  /** JSON, of the request's media type. */
  readonly body: string;
  /** For the `Cache-Control` header. */
  readonly cacheControl: string;
}

/**
 * Executes a request. Errors of GraphQL are in the response; rejects with the Refusal of `reserve`, with one for a mutation
 * where only queries may be executed, and for defects.
 */
export type Executor = (request: GraphQLRequest) => Promise<GraphQLResponse>;
