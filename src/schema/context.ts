import type { DataSources } from '../datasources/index.ts';

/** What every resolver gets: one object a request. */
export interface Context {
  readonly dataSources: DataSources;
}
