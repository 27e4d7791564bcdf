/** `lost`: nothing can be read. `read_only`: reads work, and Redis refuses writes or deletes. */
export type RedisState = 'lost' | 'read_only' | 'recovered';

/** Redis refuses by kind: a replica writes and deletes, a full one writes only, an access list any of them. */
export type CommandKind = 'read' | 'write' | 'delete';

export interface RedisHealthOptions {
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** @param reason the code of the failure, such as `timeout` or `READONLY`; undefined with `recovered` */
  readonly onStateChange: (state: RedisState, reason?: string) => void;
}

/** Which commands are worth sending, from how the last ones went. */
export interface RedisHealth {
  /** Whether to send a command; after a failure one a second, until one succeeds. */
  admit(kind: CommandKind): boolean;
  succeed(kind: CommandKind): void;
  /** Redis has answered with an error. */
  refuse(kind: CommandKind, code: string): void;
  /** There is no connection. */
  lose(code: string): void;
  /** Redis does not answer: no command is sent for a second. */
  timeOut(): void;
  /** Redis is another one now: what was refused may be tried at once. */
  retryRefused(): void;
}

const pauseMs = 1_000;
/** How long a failure that returns must stay away until it counts as over. */
const calmMs = 10_000;
const severities = { recovered: 0, read_only: 1, lost: 2 };
/** Refusals that say nothing about other keys. */
const refusalsOfOneKey = new Set(['MOVED', 'ASK', 'TRYAGAIN', 'CROSSSLOT', 'WRONGTYPE', 'ERR']);

export function createRedisHealth({ now, onStateChange }: RedisHealthOptions): RedisHealth {
  /** Why there is no connection that answers. */
  let outage: string | undefined;
  const refusals = new Map<CommandKind, string>();
  const pausedUntilMs = { read: 0, write: 0, delete: 0 };
  let reported: RedisState = 'recovered';
  let failedAtMs = -Infinity;
  let improvedAtMs = -Infinity;
  let isRecurrent = false;

  function report(): void {
    const lostReason = outage ?? refusals.get('read');
    const reason = lostReason ?? refusals.get('write') ?? refusals.get('delete');
    const state = lostReason !== undefined ? 'lost' : reason === undefined ? 'recovered' : 'read_only';
    if (state === reported) return;
    if (severities[state] > severities[reported]) {
      isRecurrent = refusalsOfOneKey.has(reason ?? '') || now() - improvedAtMs < calmMs;
    } else {
      // Without this, commands that fail and succeed in turn would report two changes each time.
      if (isRecurrent && now() - failedAtMs < calmMs) return;
      improvedAtMs = now();
    }
    reported = state;
    onStateChange(state, reason);
  }

  function lose(code: string): void {
    failedAtMs = now();
    outage = code;
    report();
  }

  return {
    admit(kind) {
      if (pausedUntilMs[kind] > 0 && now() < pausedUntilMs[kind]) return false;
      const refusal = refusals.get(kind);
      const isProbe = outage !== undefined || (refusal !== undefined && !refusalsOfOneKey.has(refusal));
      if (isProbe) pausedUntilMs[kind] = now() + pauseMs;
      return true;
    },
    succeed(kind) {
      if (reported === 'recovered' && outage === undefined && refusals.size === 0) return;
      outage = undefined;
      refusals.delete(kind);
      pausedUntilMs[kind] = 0;
      report();
    },
    refuse(kind, code) {
      failedAtMs = now();
      outage = undefined;
      // Another node has the key, so no command of any kind finds it here.
      refusals.set(code === 'MOVED' ? 'read' : kind, code);
      pausedUntilMs[kind] = refusalsOfOneKey.has(code) ? 0 : failedAtMs + pauseMs;
      report();
    },
    lose,
    timeOut() {
      const untilMs = now() + pauseMs;
      pausedUntilMs.read = pausedUntilMs.write = pausedUntilMs.delete = untilMs;
      lose('timeout');
    },
    retryRefused() {
      for (const kind of refusals.keys()) pausedUntilMs[kind] = 0;
    },
  };
}
