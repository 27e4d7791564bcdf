/** An item in a queue. After its deletion both neighbours are undefined. */
export interface Entry<Item> {
  readonly item: Item;
  before: Entry<Item> | undefined;
  after: Entry<Item> | undefined;
}

/**
 * A first-in, first-out queue that deletes any entry in constant time.
 *
 * It is a doubly linked list that unlinks deleted entries. In a Set that changes with every request, V8 retains each
 * outgrown table until the next full collection, and with it the requests in it.
 */
export class Queue<Item> {
  #first: Entry<Item> | undefined;
  #last: Entry<Item> | undefined;
  /** How many items wait. A field, because a getter would be called for every request. */
  size = 0;

  get first(): Entry<Item> | undefined {
    return this.#first;
  }

  get last(): Entry<Item> | undefined {
    return this.#last;
  }

  /** Appends an item. */
  add(item: Item): Entry<Item> {
    const entry: Entry<Item> = { item, before: this.#last, after: undefined };
    if (this.#last === undefined) this.#first = entry;
    else this.#last.after = entry;
    this.#last = entry;
    this.size += 1;
    return entry;
  }

  /** Deletes an entry. Does nothing for a deleted one. */
  delete(entry: Entry<Item>): void {
    const { before, after } = entry;
    if (before === undefined && this.#first !== entry) return;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    entry.before = undefined;
    entry.after = undefined;
    this.size -= 1;
  }
}
