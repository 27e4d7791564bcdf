/** A body as it arrives. Nearly every one is a single chunk, of which neither a copy nor a list is made. */
export class Chunks {
  #first: Buffer | undefined;
  #rest: Buffer[] | undefined;

  add(chunk: Buffer): void {
    if (this.#first === undefined) this.#first = chunk;
    else if (this.#rest === undefined) this.#rest = [chunk];
    else this.#rest.push(chunk);
  }

  clear(): void {
    this.#first = undefined;
    this.#rest = undefined;
  }

  join(): Buffer {
    if (this.#first === undefined) return Buffer.alloc(0);
    return this.#rest === undefined ? this.#first : Buffer.concat([this.#first, ...this.#rest]);
  }
}
