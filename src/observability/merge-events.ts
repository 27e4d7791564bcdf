type Listener = (...values: never[]) => void;

/** One set of listeners that tells several: each event goes to all that listen to it, in their order. */
export function mergeEvents<Events extends object>(...all: Events[]): Events {
  const listeners = new Map<string, Listener[]>();
  for (const events of all) {
    for (const [name, listener] of Object.entries(events) as [string, Listener | undefined][]) {
      if (listener !== undefined) listeners.set(name, [...(listeners.get(name) ?? []), listener]);
    }
  }
  const merged = [...listeners].map(([name, several]) => {
    const [only] = several;
    // Most events have one listener: it is called without a detour.
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
