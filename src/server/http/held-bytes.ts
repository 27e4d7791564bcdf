import { Queue } from '../../shared/queue.ts';
import type { Entry } from '../../shared/queue.ts';

/** What is held for one client. */
export interface Holding {
  bytes: number;
  /** Its place among those that may be given up; undefined once it may not. */
  place: Entry<Holding> | undefined;
  readonly giveUp: () => void;
}

/**
 * Bytes that the process holds for its clients: each may make it hold some, and all together must not take its memory.
 * Over the maximum the oldest holding is given up. An honest client is done with its own in a moment, so the oldest is
 * most likely that of one who takes its time on purpose.
 */
export class HeldBytes {
  readonly #maximum: number;
  readonly #holdings = new Queue<Holding>();
  #total = 0;

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** @param giveUp called at most once, when the holding is gone; also from within `add` */
  open(giveUp: () => void): Holding {
    const holding: Holding = { bytes: 0, place: undefined, giveUp };
    holding.place = this.#holdings.add(holding);
    return holding;
  }

  /** May give up others, and, where nothing older can be given up, the holding itself. */
  add(holding: Holding, bytes: number): void {
    holding.bytes += bytes;
    this.#total += bytes;
    while (this.#total > this.#maximum) {
      const oldest = this.#holdings.first?.item;
      if (oldest === undefined) return;
      this.close(oldest);
      oldest.giveUp();
    }
  }

  /** What is held is held on, and will not be given up any more. */
  keep(holding: Holding): void {
    if (holding.place !== undefined) this.#holdings.delete(holding.place);
    holding.place = undefined;
  }

  /** Does nothing for one that is closed. */
  close(holding: Holding): void {
    this.keep(holding);
    this.#total -= holding.bytes;
    holding.bytes = 0;
  }
}
