import DataLoader from 'dataloader';
import type { Caller, CustomerPersonasClient } from './bluejay/customer-personas.ts';
import type { CustomerPersona } from './bluejay/decode-customer-persona.ts';
import { BluejayError } from './bluejay/errors.ts';
import { mapSettled } from './map-settled.ts';
import { parseUuid } from './uuid.ts';

export { renameArgument } from './bluejay/errors.ts';
export type { CustomerPersona } from './bluejay/decode-customer-persona.ts';

/** What the resolvers of one GraphQL request read from. */
export interface DataSources {
  readonly customerPersonas: CustomerPersonas;
}

/** Customer personas by id; within a request the same id is read once. */
export interface CustomerPersonas {
  /**
   * @returns the persona, or null when Bluejay has none of that id for this caller
   * @throws {BluejayError} every kind; `invalid_input` costs no call
   */
  load(id: string): Promise<CustomerPersona | null>;
}

export interface DataSourcesOptions {
  readonly customerPersonas: CustomerPersonasClient;
  /** The most reads in flight for one batch of a request. @default 32 */
  readonly batchConcurrency?: number;
}

/** Makes the data sources of each request; what they share is in the options. */
export type DataSourcesFactory = (caller: Caller) => DataSources;

export function createDataSourcesFactory(options: DataSourcesOptions): DataSourcesFactory {
  const { customerPersonas, batchConcurrency = 32 } = options;
  return (caller) => ({ customerPersonas: createLoader(customerPersonas, caller, batchConcurrency) });
}

function createLoader(
  client: CustomerPersonasClient,
  caller: Caller,
  batchConcurrency: number,
): CustomerPersonas {
  // Bluejay has no bulk read: a batch is a fan-out, and each id fails on its own.
  const loader = new DataLoader<string, CustomerPersona | null>((ids) =>
    mapSettled(ids, batchConcurrency, (id) => client.get(id, caller)),
  );
  return {
    load(id) {
      const canonical = parseUuid(id);
      return canonical === undefined ? Promise.reject(notUuid()) : loader.load(canonical);
    },
  };
}

function notUuid(): BluejayError {
  const message = 'Expected a UUID such as 3c90c3cc-0d44-4b50-8888-8dd25736052a';
  return new BluejayError({
    kind: 'invalid_input',
    fieldErrors: [{ path: ['id'], message, type: 'uuid_parsing' }],
  });
}
