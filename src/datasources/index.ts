import type { Caller } from './upstream/call.ts';
import type { CustomerPersonasClient } from './bluejay/index.ts';
import type { OnBatch, RequestReads } from './loader.ts';
import { createServiceCalls } from './service.ts';
import type { OpenService, ServiceLookup } from './service.ts';
import { RequestCustomerPersonas } from './customer-personas.ts';
import type { CustomerPersonas } from './customer-personas.ts';

export { parseAgentId } from './agent-id.ts';
export { invalidInput, nestArguments, renameArgument, withOutcome } from './upstream/errors.ts';
export type { CustomerPersona } from './bluejay/customer-persona.ts';
export type { PersonaChanges } from './bluejay/customer-persona-writes.ts';
export type { CustomerPersonas, NewCustomerPersona } from './customer-personas.ts';

/** The sources that the resolvers of one GraphQL request read from. */
export interface DataSources extends ServiceLookup {
  readonly customerPersonas: CustomerPersonas;
  /**
   * Until when the services allow all that was read so far to be used without asking again, in milliseconds since the
   * epoch. 0 where one of them does not say, and where nothing was read.
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
  /** Called for each batch of a request, with the number of different keys that it reads. */
  readonly onBatch?: OnBatch | undefined;
}

/** Creates the data sources of one request. */
export type DataSourcesFactory = (caller: Caller) => DataSources;

/**
 * Creates a factory of data sources: one set a request, so that each request reads with its own caller's key.
 *
 * @example
 * const createDataSources = createDataSourcesFactory({ customerPersonas: bluejay.customerPersonas });
 * const persona = await createDataSources({ apiKey }).customerPersonas.load(id);
 */
export function createDataSourcesFactory(options: DataSourcesOptions): DataSourcesFactory {
  return (caller) => new RequestDataSources(options, caller);
}

// A class, because closures would be created for each request, and personas for those that read none.
class RequestDataSources implements DataSources {
  readonly #options: DataSourcesOptions;
  readonly #reads: RequestReads;
  #customerPersonas: CustomerPersonas | undefined;
  #opened: Map<string, object> | undefined;

  constructor(options: DataSourcesOptions, caller: Caller) {
    this.#options = options;
    this.#reads = { caller, concurrency: options.batchConcurrency ?? 32, freshUntil: Infinity };
  }

  get customerPersonas(): CustomerPersonas {
    const { customerPersonas: client, events } = this.#options;
    return (this.#customerPersonas ??= new RequestCustomerPersonas({
      client,
      reads: this.#reads,
      onBatch: events?.onBatch,
    }));
  }

  service(name: string): object {
    const opened = (this.#opened ??= new Map<string, object>());
    let calls = opened.get(name);
    if (calls === undefined) {
      const service = this.#options.services?.get(name);
      if (service === undefined) throw new Error(`The gateway was given no service named ${name}.`);
      calls = createServiceCalls(service, this.#reads);
      opened.set(name, calls);
    }
    return calls;
  }

  freshUntil(): number {
    return this.#reads.freshUntil === Infinity ? 0 : this.#reads.freshUntil;
  }
}
