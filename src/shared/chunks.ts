/**
 * Collects the chunks of a body. A single chunk, the common case, is not copied. Several are copied into one growing
 * buffer: a retained chunk has an overhead of a hundred bytes, so a body that arrives byte by byte would take a hundred
 * times its size.
 */
export class Chunks {
  #bytes: Buffer = empty;
  #length = 0;
  /** Whether the buffer is this object's own, and not a chunk. */
  #isOwn = false;
  readonly #expected: number;

  /** @param expected the announced length in bytes, where it is known and bounded. @default 0 */
  constructor(expected = 0) {
    this.#expected = expected;
  }

  /** Appends a chunk. */
  add(chunk: Buffer): void {
    if (this.#length === 0) this.#bytes = chunk;
    else this.#append(chunk);
    this.#length += chunk.length;
  }

  /** Returns the body so far. */
  join(): Buffer {
    return this.#isOwn ? this.#bytes.subarray(0, this.#length) : this.#bytes;
  }

  #append(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (!this.#isOwn || length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(length <= this.#expected ? this.#expected : length * 2);
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
      this.#isOwn = true;
    }
    chunk.copy(this.#bytes, this.#length);
  }
}

const empty = Buffer.alloc(0);
