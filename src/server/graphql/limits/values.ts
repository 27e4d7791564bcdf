import type { GraphQLError } from 'graphql';
import { tooComplex } from './limit-error.ts';

/**
 * The most values that the items of lists may have in an answer. The other limits together would permit millions of
 * values, which take seconds of CPU, for a single read.
 */
export const maxValues = 500_000;

/** Creates the error of an answer that would have more than `maxValues` values. */
export function tooManyValues(): GraphQLError {
  return tooComplex(
    'values',
    `The answer would have more than ${maxValues} values: ask for fewer items or fields at a time.`,
  );
}

/** Counts the values of lists whose length only the service knows, as they are read. */
export class ListedValues {
  readonly #valuesOfItem: number;
  #values = 0;
  #isExceeded = false;

  /** @param valuesOfItem the most values that an item of the operation's lists has */
  constructor(valuesOfItem: number) {
    this.#valuesOfItem = valuesOfItem;
  }

  /** Whether the limit is exceeded, so that the answer is an error. */
  get isExceeded(): boolean {
    return this.#isExceeded;
  }

  /** Resets the count before the operation is executed again. */
  restart(): void {
    this.#values = 0;
  }

  /**
   * Adds the values of a list's items.
   *
   * @throws {GraphQLError} where the answer would exceed `maxValues`
   */
  add(items: number): void {
    this.#values += items * this.#valuesOfItem;
    if (this.#values <= maxValues) return;
    this.#isExceeded = true;
    throw tooManyValues();
  }
}
