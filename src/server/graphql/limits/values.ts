import type { GraphQLError } from 'graphql';
import { tooComplex } from './limit-error.ts';

/**
 * The most values of lists' items in an answer. Each limit is harmless alone: all of them used up
 * together would be millions of values, and seconds of the processor, for a single read.
 */
export const maxValues = 500_000;

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

  /** @param valuesOfItem the most that an item of any of the operation's lists has */
  constructor(valuesOfItem: number) {
    this.#valuesOfItem = valuesOfItem;
  }

  /** Whether the answer is to be given up. */
  get isExceeded(): boolean {
    return this.#isExceeded;
  }

  /** The operation is executed anew. */
  restart(): void {
    this.#values = 0;
  }

  /** @throws {GraphQLError} before more items are answered than there is room for */
  add(items: number): void {
    this.#values += items * this.#valuesOfItem;
    if (this.#values <= maxValues) return;
    this.#isExceeded = true;
    throw tooManyValues();
  }
}
