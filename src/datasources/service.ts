import { createLoader } from './loader.ts';
import type { LoaderOptions } from './loader.ts';
import type { Caller, Reading } from './upstream/call.ts';
import { createUpstream } from './upstream/index.ts';
import type { AnyEndpoint, Endpoint } from './upstream/endpoint.ts';
import type { Upstream, UpstreamEvents, UpstreamOptions } from './upstream/index.ts';

/** A further service that fields of an embedder's own call, as data. */
export interface ServiceOptions<Endpoints extends readonly AnyEndpoint[]> extends Pick<
  UpstreamOptions<Endpoints>,
  'name' | 'baseUrl' | 'credential' | 'errorDialect' | 'endpoints' | 'limits' | 'proxy' | 'cache'
> {
  /** The gateway's own key for the service. @default none: each caller's `x-api-key` is sent as the credential */
  readonly apiKey?: string | undefined;
}

/** Calls of a service for one request: reads of the same thing are one, and every read counts for `Cache-Control`. */
export type ServiceCalls<Endpoints extends readonly AnyEndpoint[]> = {
  readonly [One in Endpoints[number] as One['operation']]: One extends Endpoint<
    string,
    infer Input,
    infer Value
  >
    ? (input: Input) => Promise<Value>
    : never;
};

/** A service that a gateway opens, and its resolvers find in their context. */
export interface Service<Endpoints extends readonly AnyEndpoint[]> {
  readonly options: ServiceOptions<Endpoints>;
  /**
   * The service for a resolver's request.
   *
   * @throws an Error where the gateway was not given the service
   */
  for(context: { readonly dataSources: ServiceLookup }): ServiceCalls<Endpoints>;
}

/** Any service, for code that does not care of what. */
export interface AnyService {
  // oxlint-disable-next-line typescript/no-explicit-any -- a service has its own calls and no others
  readonly options: ServiceOptions<any>;
}

/** Finds the calls of a request by the service's name. */
export interface ServiceLookup {
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

/** A service that is open, for all requests. */
export interface OpenService {
  readonly options: ServiceOptions<readonly AnyEndpoint[]>;
  readonly upstream: Upstream<readonly AnyEndpoint[]>;
  readonly onBatch: OnBatch;
}

type OnBatch = LoaderOptions<string, unknown>['onBatch'];

/** Opens a service: from here on it has its own sockets, cache, breakers and budgets. */
export async function openService(
  { options }: AnyService,
  userAgent: string,
  events: UpstreamEvents & { readonly onBatch?: OnBatch },
): Promise<OpenService> {
  const { apiKey, ...others } = options as ServiceOptions<readonly AnyEndpoint[]>;
  const upstream = await createUpstream({
    ...others,
    auth: apiKey === undefined ? 'forward' : 'service',
    userAgent,
    events,
  });
  return {
    options: options as ServiceOptions<readonly AnyEndpoint[]>,
    upstream,
    onBatch: events.onBatch,
  };
}

type Shared = Pick<LoaderOptions<string, unknown>, 'caller' | 'concurrency' | 'onRead'>;
type Call = (input: object, caller: Caller) => Promise<Reading<unknown>>;

/** The calls of a service for one request. */
export function createServiceCalls(
  { options: { apiKey, endpoints }, upstream, onBatch }: OpenService,
  shared: Shared,
): object {
  const caller = apiKey === undefined ? shared.caller : { ...shared.caller, apiKey };
  const calls = upstream.calls as Readonly<Record<string, Call>>;
  return Object.fromEntries(
    endpoints.map(({ operation, method }) => {
      const call = calls[operation] as Call;
      return [operation, method === 'GET' ? createRead(operation, call) : createWrite(call)];
    }),
  );

  function createRead(operation: string, call: Call) {
    const loader = createLoader<string, unknown>({
      ...shared,
      onBatch,
      caller,
      operation,
      read: (key) => call(JSON.parse(key) as object, caller),
    });
    return (input: object) => loader.load(JSON.stringify(input));
  }

  function createWrite(call: Call) {
    return async (input: object) => {
      const { value } = await call(input, caller);
      // What a write answers is nobody's to keep.
      shared.onRead(0);
      return value;
    };
  }
}
