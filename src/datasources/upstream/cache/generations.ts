/**
 * Which answers are out of date because something was written. Each write moves its resources on to a new generation:
 * what was read in an older one is neither kept, nor used again, nor shared with a later read.
 */
export interface Generations {
  /** The generation of a read that begins now. */
  readonly current: number;
  /** The generation that reads of a resource must have at the least. Reads that may share a call have the same. */
  leastOf(operation: string, resource: string): number;
  /** Whether an answer of that generation may be kept, and used again. */
  allows(operation: string, resource: string, generation: number): boolean;
  /**
   * A write is under way, or may still be: nothing of the resources is kept or used again until it is released, or for
   * so long.
   *
   * @param names of resources, or of operations as a whole
   */
  hold(writeId: string, names: readonly string[], holdMs: number): void;
  /** The write has ended. */
  release(writeId: string, names: readonly string[]): void;
  /** For how long writes hold a resource still, in milliseconds. @param except a write that does not count */
  heldMs(name: string, except: string): number;
  /** Writes may have been missed: all that was read so far is out of date. */
  renew(): void;
}

interface Mark {
  generation: number;
  /** The writes under way, and how long each of them holds at the most. */
  readonly heldUntilMs: Map<string, number>;
}

export interface GenerationsOptions {
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** Of so many resources it is remembered that they were written; for older ones, all that is older is out of date. @default 10000 */
  readonly maxMarks?: number;
}

export function createGenerations({ now, maxMarks = 10_000 }: GenerationsOptions): Generations {
  /** What was written last comes last. */
  const marks = new Map<string, Mark>();
  let current = 0;
  /** The generation of resources without a mark. */
  let floor = 0;

  /** Moves a resource on. */
  function advance(name: string): Mark {
    current += 1;
    const mark = marks.get(name) ?? { generation: 0, heldUntilMs: new Map<string, number>() };
    mark.generation = current;
    marks.delete(name);
    marks.set(name, mark);
    dropOldest();
    return mark;
  }

  function dropOldest(): void {
    const [oldest] = marks;
    if (marks.size <= maxMarks || oldest === undefined) return;
    const [name, { generation }] = oldest;
    marks.delete(name);
    floor = Math.max(floor, generation);
  }

  function heldMs(name: string, except?: string): number {
    const mark = marks.get(name);
    if (mark === undefined || mark.heldUntilMs.size === 0) return 0;
    const nowMs = now();
    let leftMs = 0;
    for (const [writeId, untilMs] of mark.heldUntilMs) {
      if (untilMs <= nowMs) mark.heldUntilMs.delete(writeId);
      else if (writeId !== except) leftMs = Math.max(leftMs, untilMs - nowMs);
    }
    // What was read meanwhile may be from before the write.
    if (mark.heldUntilMs.size === 0) advance(name);
    return leftMs;
  }

  function leastOf(operation: string, resource: string): number {
    if (marks.size === 0) return floor;
    // Ends what holds it no longer, before its generation is looked at.
    heldMs(resource);
    heldMs(operation);
    const ofResource = marks.get(resource)?.generation ?? 0;
    return Math.max(floor, ofResource, marks.get(operation)?.generation ?? 0);
  }

  return {
    get current() {
      return current;
    },
    leastOf,
    allows(operation, resource, generation) {
      // Where nothing was written of late, a read pays for one comparison.
      if (marks.size === 0) return generation >= floor;
      if (generation < leastOf(operation, resource)) return false;
      return heldMs(resource) === 0 && heldMs(operation) === 0;
    },
    hold(writeId, names, holdMs) {
      for (const name of names) advance(name).heldUntilMs.set(writeId, now() + holdMs);
    },
    release(writeId, names) {
      for (const name of names) advance(name).heldUntilMs.delete(writeId);
    },
    heldMs,
    renew() {
      current += 1;
      floor = current;
    },
  };
}
