type Listener = (...values: never[]) => void;

/** Merges sets of listeners: each event calls all listeners of that name, in the order of the sets. */
export function mergeEvents<Events extends object>(...all: Events[]): Events {
  const listeners = new Map<string, Listener[]>();
  for (const events of all) {
    for (const [name, listener] of Object.entries(events) as [string, Listener | undefined][]) {
      if (listener !== undefined) listeners.set(name, [...(listeners.get(name) ?? []), listener]);
    }
  }
  const merged = [...listeners].map(([name, several]) => {
    const [only] = several;
    // Most events have a single listener, which needs no loop.
    if (several.length === 1) return [name, only];
    return [
      name,
      (...values: never[]) => {
        for (const listener of several) listener(...values);
      },
    ];
  });
  return Object.fromEntries(merged) as Events;
}
