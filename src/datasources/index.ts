import type { Caller } from './upstream/call.ts';
import type { CustomerPersonasClient } from './bluejay/index.ts';
import { createServiceCalls } from './service.ts';
import type { OpenService, ServiceLookup } from './service.ts';
import { createCustomerPersonas } from './customer-personas.ts';
import type { CustomerPersonas } from './customer-personas.ts';

export { parseAgentId } from './agent-id.ts';
export { invalidInput, renameArgument } from './upstream/errors.ts';
export type { CustomerPersona } from './bluejay/customer-persona.ts';
export type { CustomerPersonas } from './customer-personas.ts';

/** What the resolvers of one GraphQL request read from. */
export interface DataSources extends ServiceLookup {
  readonly customerPersonas: CustomerPersonas;
  /**
   * Until when Bluejay allows all that has been read so far to be used without asking again, in
   * milliseconds since the epoch. 0 where it does not say, and where nothing was read.
   */
  freshUntil(): number;
}

export interface DataSourcesOptions {
  readonly customerPersonas: CustomerPersonasClient;
  /** Further services, by their names. @default none */
  readonly services?: ReadonlyMap<string, OpenService>;
  /** The most reads in flight for one batch of a request. @default 32 */
  readonly batchConcurrency?: number;
  readonly events?: DataSourcesEvents;
}

/** For logs and metrics. */
export interface DataSourcesEvents {
  /** So many different things are read at once for one request. */
  readonly onBatch?: ((operation: string, size: number) => void) | undefined;
}

/** Makes the data sources of each request; what they share is in the options. */
export type DataSourcesFactory = (caller: Caller) => DataSources;

export function createDataSourcesFactory(options: DataSourcesOptions): DataSourcesFactory {
  const { customerPersonas: client, services, batchConcurrency = 32, events = {} } = options;
  return (caller) => {
    let freshUntil = Infinity;
    const onRead = (until: number) => {
      if (until < freshUntil) freshUntil = until;
    };
    let opened: Map<string, object> | undefined;
    return {
      customerPersonas: createCustomerPersonas({
        client,
        caller,
        batchConcurrency,
        onRead,
        onBatch: events.onBatch,
      }),
      service(name) {
        opened ??= new Map();
        let calls = opened.get(name);
        if (calls === undefined) {
          const service = services?.get(name);
          if (service === undefined) throw new Error(`The gateway was given no service named ${name}.`);
          calls = createServiceCalls(service, { caller, concurrency: batchConcurrency, onRead });
          opened.set(name, calls);
        }
        return calls;
      },
      freshUntil: () => (freshUntil === Infinity ? 0 : freshUntil),
    };
  };
}
