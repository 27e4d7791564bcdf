/**
 * Runs `task` for every item, at most `concurrency` at a time. Never rejects: a failure becomes that
 * item's Error, which is how DataLoader wants it.
 */
export async function mapSettled<Item, Result>(
  items: readonly Item[],
  concurrency: number,
  task: (item: Item) => Promise<Result>,
): Promise<(Result | Error)[]> {
  const results = Array.from<Result | Error>({ length: items.length });
  // Workers share one iterator: each takes the next item as soon as it is free.
  const queue = items.entries();
  async function work(): Promise<void> {
    for (const [index, item] of queue) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time is what a worker is
      results[index] = await task(item).catch(toError);
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, work));
  return results;
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('Rejected without an Error', { cause: reason });
}
