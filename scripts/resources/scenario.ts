import { setTimeout as sleep } from 'node:timers/promises';
import type { Upstream } from './upstream.ts';

/** One way to take memory, time or places from the gateway, or from its other callers. */
export interface Scenario {
  /** For `--only`. */
  readonly name: string;
  /** What is done to the gateway. */
  readonly tried: string;
  /** What must come of it at the most. */
  readonly limit: string;
  /** Environment variables beside those of the image. */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * What it needs of the machine. What needs only time runs beside everything, what needs a part beside its like.
   *
   * @default 'all'
   */
  readonly needs?: 'time' | 'a part' | 'all';
  attempt(target: Target): Promise<Outcome>;
}

export interface Outcome {
  readonly held: boolean;
  readonly seen: string;
}

/** The gateway as the image starts it, as a process of its own, in front of an upstream of its own. */
export interface Target {
  /** Its origin. */
  readonly url: string;
  readonly port: number;
  readonly upstream: Upstream;
  /** Resident memory now and at its highest, in megabytes. */
  memory(): { readonly now: number; readonly peak: number };
  /** The connections of clients that the process holds, and what has arrived on them that it has not read. */
  connections(): { readonly count: number; readonly unreadBytes: number };
}

/** The most that the process may have resident, in megabytes. */
const maxResidentMb = 400;
export const memoryLimit = `${maxResidentMb} MB resident`;

/** How much memory a scenario took, and whether that is within the limit. */
export function judgeMemory(target: Target, startMb: number): Outcome {
  const { peak } = target.memory();
  return { held: peak <= maxResidentMb, seen: `${megabytes(peak)} from ${megabytes(startMb)}` };
}

export const megabytes = (value: number): string => `${value.toFixed(0)} MB`;

/** Joins what several looks at the same gateway have found. */
export function all(...outcomes: readonly Outcome[]): Outcome {
  return {
    held: outcomes.every(({ held }) => held),
    seen: outcomes.map(({ seen }) => seen).join(', '),
  };
}

/** Waits until the gateway has read all that was sent, for 10 seconds at the most: it may have stopped reading. */
export async function waitUntilRead(target: Target): Promise<void> {
  const until = performance.now() + 10_000;
  do await sleep(200);
  while (target.connections().unreadBytes > 0 && performance.now() < until);
}
