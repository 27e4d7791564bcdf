/**
 * Runs `task` for every item, at most `concurrency` at a time, and `map` on what it brings. Never rejects: a
 * failure becomes that item's Error, which is how DataLoader wants it. One reaction an item is all that it costs.
 */
export function mapSettled<Item, Brought, Result>(
  items: readonly Item[],
  concurrency: number,
  task: (item: Item) => Promise<Brought>,
  map: (brought: Brought) => Result,
): Promise<(Result | Error)[]> {
  return new Promise((resolve) => {
    const results = Array.from<Result | Error>({ length: items.length });
    let next = 0;
    let left = items.length;
    const start = () => {
      const index = next;
      next += 1;
      const settle = (result: Result | Error) => {
        results[index] = result;
        left -= 1;
        if (left === 0) resolve(results);
        else if (next < items.length) start();
      };
      // The index is in bounds: `start` is called for as many items as there are.
      task(items[index] as Item).then(
        (brought) => settle(map(brought)),
        (reason: unknown) => settle(toError(reason)),
      );
    };
    if (left === 0) resolve(results);
    while (next < Math.min(concurrency, items.length)) start();
  });
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('Rejected without an Error', { cause: reason });
}
