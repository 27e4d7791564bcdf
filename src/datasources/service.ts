import { Loader } from './loader.ts';
import type { OnBatch, RequestReads } from './loader.ts';
import type { Peers } from './upstream/cache/fences.ts';
import type { EndpointCall } from './upstream/client.ts';
import type { AnyEndpoint } from './upstream/endpoint.ts';
import { createUpstream } from './upstream/index.ts';
import type { Upstream, UpstreamCalls, UpstreamEvents, UpstreamOptions } from './upstream/index.ts';

/** Declares a service that an embedder's own fields call. */
export interface ServiceOptions<Endpoints extends readonly AnyEndpoint[]> extends Pick<
  UpstreamOptions<Endpoints>,
  'name' | 'title' | 'baseUrl' | 'credential' | 'errorDialect' | 'endpoints' | 'limits' | 'proxy' | 'cache'
> {
  /** The gateway's own key for the service. @default none: each caller's `x-api-key` is sent as the credential */
  readonly apiKey?: string | undefined;
}

/** The calls of a service for one request: equal reads are one, and every read counts for `Cache-Control`. */
export type ServiceCalls<Endpoints extends readonly AnyEndpoint[]> = {
  readonly [
    Operation in keyof UpstreamCalls<Endpoints>
  ]: UpstreamCalls<Endpoints>[Operation] extends EndpointCall<infer Input, infer Value>
    ? (input: Input) => Promise<Value>
    : never;
};

/** A declared service. The gateway opens it, and resolvers find its calls by their context. */
export interface Service<Endpoints extends readonly AnyEndpoint[]> {
  readonly options: ServiceOptions<Endpoints>;
  /**
   * Returns the calls of the service for a resolver's request.
   *
   * @throws an Error where the gateway was not given the service
   */
  for(context: { readonly dataSources: ServiceLookup }): ServiceCalls<Endpoints>;
}

/** A service with any endpoints. */
export interface AnyService {
  // oxlint-disable-next-line typescript/no-explicit-any -- a service has its own calls and no others
  readonly options: ServiceOptions<any>;
}

/** The services of a request. */
export interface ServiceLookup {
  /**
   * Returns the calls of a service.
   *
   * @throws an Error where the gateway was not given a service of that name
   */
  service(name: string): object;
}

/**
 * Declares a service for `createGateway`'s `extension`.
 *
 * @example
 * const shop = defineService({ name: 'shop', baseUrl, credential, errorDialect, endpoints: [getOrder] });
 * // in a resolver
 * shop.for(context).getOrder({ order_id: 7 });
 */
export function defineService<const Endpoints extends readonly AnyEndpoint[]>(
  options: ServiceOptions<Endpoints>,
): Service<Endpoints> {
  return {
    options,
    for: ({ dataSources }) => dataSources.service(options.name) as ServiceCalls<Endpoints>,
  };
}

/** A service with its sockets, cache, breakers and budgets, shared by all requests. */
export interface OpenService {
  readonly options: ServiceOptions<readonly AnyEndpoint[]>;
  readonly upstream: Upstream<readonly AnyEndpoint[]>;
  readonly onBatch: OnBatch | undefined;
}

/** Opens a service. */
export async function openService(
  service: AnyService,
  userAgent: string,
  events: UpstreamEvents & { readonly onBatch?: OnBatch | undefined },
  peers?: Peers,
): Promise<OpenService> {
  const options: ServiceOptions<readonly AnyEndpoint[]> = service.options;
  const { apiKey, ...others } = options;
  const auth = apiKey === undefined ? 'forward' : 'service';
  const upstream = await createUpstream({ ...others, auth, userAgent, events, peers });
  return { options, upstream, onBatch: events.onBatch };
}

/** Creates the calls of a service for one request. */
export function createServiceCalls({ options, upstream, onBatch }: OpenService, reads: RequestReads): object {
  const { apiKey, endpoints } = options;
  const caller = apiKey === undefined ? reads.caller : { ...reads.caller, apiKey };
  const loaders: Loader<string, unknown>[] = [];
  return Object.fromEntries(
    endpoints.map(({ operation, method }) => {
      const call = upstream.calls[operation] as EndpointCall<object, unknown>;
      return [operation, method === 'GET' ? createRead(operation, call) : createWrite(call)];
    }),
  );

  function createRead(operation: string, call: EndpointCall<object, unknown>) {
    const loader = new Loader<string, unknown>({
      reads,
      operation,
      read: (key) => call(JSON.parse(key) as object, caller),
      onBatch,
    });
    loaders.push(loader);
    return (input: object) => loader.load(JSON.stringify(input));
  }

  function createWrite(call: EndpointCall<object, unknown>) {
    return async (input: object) => {
      try {
        const { value } = await call(input, caller);
        return value;
      } finally {
        // The answer to a write may not be cached, and earlier reads may be out of date.
        reads.freshUntil = 0;
        for (const loader of loaders) loader.clear();
      }
    };
  }
}
