import type { DataSources } from '../datasources/index.ts';

/** What every resolver gets: one object a request. */
export interface Context {
  readonly dataSources: DataSources;
  readonly lists?: ListCount | undefined;
}

/** Counts what only Bluejay knows the length of. */
interface ListCount {
  /**
   * Called with the length of a list before its items are answered.
   *
   * @throws {GraphQLError} where that would be too much
   */
  add(length: number): void;
  /** Resets the count, because the operation is executed again. */
  restart(): void;
}
