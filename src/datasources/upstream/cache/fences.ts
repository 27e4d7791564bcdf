import { randomUUID } from 'node:crypto';
import { maxHoldMs, parseFenceMessage } from './fence-message.ts';
import type { Generations } from './generations.ts';
import type { SharedStore } from './shared-store.ts';

/**
 * A write fences what it changes. From before it is sent until its answer is here, nothing of that is kept, used again
 * or shared with another read, in this process and in the others; a write whose answer never comes leaves its fence
 * standing for as long as it may still be carried out.
 */
export interface Fences {
  /**
   * Resolves when it is said, to those that can be reached: it does not wait long for anybody.
   *
   * @param names of resources, or of operations as a whole
   * @param holdMs how long the fence stands where nobody removes it
   * @returns the id of the write
   */
  raise(names: readonly string[], holdMs: number): Promise<string>;
  /**
   * Removes the fence. What was read so far is out of date.
   *
   * @param writeId undefined where no fence was raised
   */
  lift(writeId: string | undefined, names: readonly string[]): Promise<void>;
  /** Takes what another process has said. */
  receive(message: unknown): void;
}

/** The other processes that read the same service, as far as they can be reached without a shared store. */
export interface Peers {
  /** @param message plain data */
  send(message: unknown): void;
  /** @param listener gets each message of the others */
  onMessage(listener: (message: unknown) => void): void;
}

export interface FencesOptions {
  readonly generations: Generations;
  /** What tells one service's resources from another's. */
  readonly scope: string;
  readonly shared: Pick<SharedStore, 'hold' | 'release'> | undefined;
  readonly peers: Peers | undefined;
}

export function createFences({ generations, scope, shared, peers }: FencesOptions): Fences {
  const own = randomUUID();
  let writes = 0;

  function newId(): string {
    writes += 1;
    return `${own}:${writes}`;
  }

  function receive(message: unknown): void {
    const parsed = parseFenceMessage(message);
    // A store sends everybody everything.
    if (parsed === undefined || parsed.scope !== scope || parsed.writeId.startsWith(own)) return;
    const { writeId, names, holdMs } = parsed;
    if (holdMs > 0) generations.hold(writeId, names, holdMs);
    else generations.release(writeId, names);
  }

  peers?.onMessage(receive);

  return {
    async raise(names, holdMs) {
      const message = { scope, writeId: newId(), names: [...names], holdMs: Math.min(holdMs, maxHoldMs) };
      generations.hold(message.writeId, names, message.holdMs);
      peers?.send(message);
      await shared?.hold(message);
      return message.writeId;
    },
    async lift(writeId = newId(), names) {
      const message = { scope, writeId, names: [...names], holdMs: 0 };
      if (shared !== undefined) {
        // Until the store has nothing older, nothing of it is read into the memory either.
        generations.hold(writeId, names, maxHoldMs);
        const heldMs = names.map((name) => generations.heldMs(name, writeId));
        await shared.release(message, Math.max(0, ...heldMs));
      }
      generations.release(writeId, names);
      peers?.send(message);
    },
    receive,
  };
}
