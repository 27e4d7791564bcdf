import type { Logger } from './logger.ts';

type Listener = (...values: unknown[]) => unknown;

/**
 * Wraps listeners of the embedding program, so that one that throws or rejects changes nothing else. Its first failure is
 * logged.
 */
export function guardEvents<Events extends object>(events: Events, logger: Logger): Events {
  const failed = new Set<string>();

  function report(event: string, error: unknown): void {
    if (failed.has(event)) return;
    failed.add(event);
    logger.error({ event, err: error }, 'listener failed: further failures of this event are not logged');
  }

  function guard(event: string, listener: Listener): Listener {
    return (...values) => {
      try {
        const result = listener.apply(events, values);
        if (isThenable(result)) Promise.resolve(result).catch((error: unknown) => report(event, error));
      } catch (error) {
        report(event, error);
      }
    };
  }

  const listeners = namesOf(events).flatMap((event): [string, Listener][] => {
    const listener = Reflect.get(events, event) as Listener | undefined;
    return listener === undefined ? [] : [[event, guard(event, listener)]];
  });
  return Object.fromEntries(listeners) as Events;
}

/** Returns the names of the own and the inherited properties, because an instance has its listeners in its class. */
function namesOf(events: object): readonly string[] {
  const prototype = Object.getPrototypeOf(events) as object | null;
  const isLast = prototype === null || prototype === Object.prototype;
  const names = [...Object.getOwnPropertyNames(events), ...(isLast ? [] : namesOf(prototype))];
  return names.filter((name) => name !== 'constructor');
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

const levels = ['debug', 'info', 'warn', 'error', 'fatal'] as const;

/** Wraps a logger of the embedding program: a line for which it throws is lost, without another effect. */
export function guardLogger(logger: Logger): Logger {
  const guarded = levels.map((level) => [
    level,
    (...values: [fields: object, message: string]) => {
      try {
        logger[level](...values);
      } catch {
        // There is no other place to report it.
      }
    },
  ]);
  return {
    ...(Object.fromEntries(guarded) as Logger),
    isLevelEnabled: (level) => logger.isLevelEnabled?.(level) ?? true,
  };
}
