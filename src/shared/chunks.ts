/**
 * A body as it arrives. Nearly every one is a single chunk, which is not copied. What comes in more is gathered in one
 * buffer, for each chunk that is kept takes a hundred bytes besides: those of a body that comes byte by byte would be
 * the size of a hundred bodies.
 */
export class Chunks {
  #bytes: Buffer = empty;
  #length = 0;
  /** Whether there is more room behind the chunks. */
  #isOwn = false;
  readonly #expected: number;

  /** @param expected how long it is said to be, in bytes, where that is known and bounded */
  constructor(expected = 0) {
    this.#expected = expected;
  }

  add(chunk: Buffer): void {
    if (this.#length === 0) this.#bytes = chunk;
    else this.#append(chunk);
    this.#length += chunk.length;
  }

  clear(): void {
    this.#bytes = empty;
    this.#length = 0;
    this.#isOwn = false;
  }

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
