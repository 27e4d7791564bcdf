import type { ServerResponse } from 'node:http';
import { Timeouts } from '../../shared/timeouts.ts';
import { HeldBytes } from './held-bytes.ts';

/** About what the kernel takes off the process's hands, whether the client reads it or not. */
const kernelBytes = 65_536;

/** The most that all answers may have together which are not taken yet. */
const maxHeldBytes = 134_217_728;

/** Answers to clients that do not read, which the process would otherwise keep for ever. */
export class UnsentAnswers {
  readonly #timeouts: Timeouts;
  readonly #held = new HeldBytes(maxHeldBytes);

  /** @param timeoutMs how long a client may take over a large answer */
  constructor(timeoutMs: number) {
    this.#timeouts = new Timeouts(timeoutMs);
  }

  /** Cuts the connection of an answer that is not taken in time, or for which there is no room any more. */
  add(response: ServerResponse, bytes: number): void {
    if (bytes <= kernelBytes) return;
    const cutOff = () => void response.destroy();
    const timeout = this.#timeouts.start(cutOff);
    const holding = this.#held.open(cutOff);
    response.once('close', () => {
      this.#timeouts.cancel(timeout);
      this.#held.close(holding);
    });
    this.#held.add(holding, bytes);
  }
}
