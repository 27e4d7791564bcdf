/** A place in a line; out of it both neighbours are undefined. */
interface Place<Item> {
  readonly item: Item;
  before: Place<Item> | undefined;
  after: Place<Item> | undefined;
}

/**
 * Who comes first is served first, and anybody may leave at any time.
 *
 * A doubly linked list, whose links are cut as its items leave. In a Set that changes with every call, V8 keeps
 * each table that was outgrown until the next full collection, and with it the calls that it held.
 */
export class WaitingLine<Item> {
  #first: Place<Item> | undefined;
  #last: Place<Item> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): Item | undefined {
    return this.#first?.item;
  }

  get last(): Item | undefined {
    return this.#last?.item;
  }

  /** @returns leaves the line; to be called once */
  join(item: Item): () => void {
    const place: Place<Item> = { item, before: this.#last, after: undefined };
    if (this.#last === undefined) this.#first = place;
    else this.#last.after = place;
    this.#last = place;
    this.#size += 1;
    return () => this.#leave(place);
  }

  #leave(place: Place<Item>): void {
    const { before, after } = place;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    place.before = undefined;
    place.after = undefined;
    this.#size -= 1;
  }
}
