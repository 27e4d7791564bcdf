import type { Continuation } from '../../shared/continuation.ts';
import type { Answer } from './answer.ts';
import type { HeldEntry } from './cache/entry.ts';
import type { Cache, FoundEntry, ReadSlot } from './cache/index.ts';
import type { Reading } from './call.ts';
import { UpstreamError } from './errors.ts';
import type { StartedCall } from './resilience/coalesce.ts';
import type { ResilientCall } from './resilient-call.ts';

/** One read, with the key that it shares with equal reads. */
export interface Read<Input> extends ReadSlot {
  readonly input: Input;
  readonly apiKey: string;
  readonly tenant: string;
}

/** A read that asks the service, and keeps its answer in the cache. */
export class CachedRead<Input extends object, Value> implements Continuation<Answer<Value>> {
  readonly #send: ResilientCall<Input, Value>;
  readonly #kept: Cache<Input, Value>;
  readonly #read: Read<Input>;
  readonly #call: StartedCall<Reading<Value>>;
  readonly #found: FoundEntry<Value>;

  constructor(
    send: ResilientCall<Input, Value>,
    kept: Cache<Input, Value>,
    read: Read<Input>,
    call: StartedCall<Reading<Value>>,
    found: FoundEntry<Value>,
  ) {
    this.#send = send;
    this.#kept = kept;
    this.#read = read;
    this.#call = call;
    this.#found = found;
  }

  start(): void {
    this.#ask(this.#found.entry);
  }

  resolve(answer: Answer<Value>): void {
    // The 304 is about another answer than the entry, and does not confirm it (RFC 9111, section 4.3.4).
    if (answer.kind === 'other_not_modified') return this.#ask(undefined);
    const { slot, entry } = this.#found;
    let reading: Reading<Value>;
    try {
      reading =
        answer.kind === 'full'
          ? this.#kept.store(slot, answer, answer, entry)
          : this.#kept.confirm(slot, answer.confirmed, answer);
    } catch (error) {
      this.#call.reject(error);
      return;
    }
    this.#call.resolve(reading);
  }

  reject(error: unknown): void {
    // A key that the service refuses may not read the entry either.
    if (isRefusal(error)) this.#kept.forget(this.#read, this.#found.entry);
    this.#call.reject(error);
  }

  #ask(previous: HeldEntry<Value> | undefined): void {
    const { input, apiKey, tenant } = this.#read;
    this.#send({ input, apiKey, tenant, previous }, this.#call, this);
  }
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof UpstreamError &&
    (error.failure.kind === 'unauthenticated' || error.failure.kind === 'forbidden')
  );
}
