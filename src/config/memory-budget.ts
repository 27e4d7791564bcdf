import { totalmem } from 'node:os';
// oxlint-disable-next-line no-restricted-imports -- what the machine gives the process is no state of it
import { constrainedMemory } from 'node:process';

const shareOfMemory = 0.25;
const maximumBytes = 83_886_080;

/**
 * The bytes that one process may hold for its clients: a quarter of its share of the container's memory, or of the
 * machine's where nothing constrains it. What garbage takes, and the program itself, needs the rest.
 */
export function defaultMemoryBudgetBytes(workers: number): number {
  // 0, or more than the machine has, where there is no constraint.
  const memoryBytes = Math.min(constrainedMemory() || Infinity, totalmem());
  return Math.min(maximumBytes, Math.floor((memoryBytes * shareOfMemory) / workers));
}
