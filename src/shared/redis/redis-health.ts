/** `lost`: nothing can be read. `read_only`: reads work, and Redis refuses writes, deletes or messages. */
export type RedisState = 'lost' | 'read_only' | 'recovered';

/** Redis refuses by kind: a replica writes and deletes, a full one writes only, an access list any of them. */
export type CommandKind = 'read' | 'write' | 'delete' | 'publish';

export interface RedisHealthOptions {
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** How long after a failure the next command is sent, in milliseconds. @default 1000 */
  readonly retryMs?: number | undefined;
  /** @param reason the code of the failure, such as `timeout` or `READONLY`; undefined with `recovered` */
  readonly onStateChange: (state: RedisState, reason?: string) => void;
}

/** Decides which commands to send, by the results of the last ones. */
export interface RedisHealth {
  /** Whether to send a command. After a failure it allows one in each `retryMs`, until one succeeds. */
  admit(kind: CommandKind): boolean;
  /** A command has succeeded. */
  succeed(kind: CommandKind): void;
  /** Redis has answered a command with an error. */
  refuse(kind: CommandKind, code: string): void;
  /** The connection is lost. */
  lose(code: string): void;
  /** Redis did not answer in time: no command is sent for `retryMs`. */
  timeOut(): void;
  /** The connection leads to another Redis: commands that were refused may be sent at once. */
  retryRefused(): void;
}

/** How long a recurrent failure must not recur until recovery is reported, in milliseconds. */
const calmMs = 10_000;
const severities = { recovered: 0, read_only: 1, lost: 2 };
/** The codes of refusals that concern one key only. */
const refusalsOfOneKey = new Set(['MOVED', 'ASK', 'TRYAGAIN', 'CROSSSLOT', 'WRONGTYPE', 'ERR']);

/** Creates the health of a Redis that no command was sent to. */
export function createRedisHealth({ now, retryMs = 1_000, onStateChange }: RedisHealthOptions): RedisHealth {
  /** The code of the current loss; undefined while Redis answers. */
  let outage: string | undefined;
  const refusals = new Map<CommandKind, string>();
  const pausedUntilMs = { read: 0, write: 0, delete: 0, publish: 0 };
  let reported: RedisState = 'recovered';
  let failedAtMs = -Infinity;
  let improvedAtMs = -Infinity;
  let isRecurrent = false;

  function report(): void {
    const lostReason = outage ?? refusals.get('read');
    const reason = lostReason ?? refusals.get('write') ?? refusals.get('delete') ?? refusals.get('publish');
    const state = lostReason !== undefined ? 'lost' : reason === undefined ? 'recovered' : 'read_only';
    if (state === reported) return;
    if (severities[state] > severities[reported]) {
      isRecurrent = refusalsOfOneKey.has(reason ?? '') || now() - improvedAtMs < calmMs;
    } else {
      // Otherwise commands that fail and succeed in turn would report two changes each time.
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
      if (isProbe) pausedUntilMs[kind] = now() + retryMs;
      return true;
    },
    /** A command has succeeded. */
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
      // Another node has the key, so commands of every kind fail here.
      refusals.set(code === 'MOVED' ? 'read' : kind, code);
      pausedUntilMs[kind] = refusalsOfOneKey.has(code) ? 0 : failedAtMs + retryMs;
      report();
    },
    lose,
    timeOut() {
      const untilMs = now() + retryMs;
      pausedUntilMs.read = pausedUntilMs.write = pausedUntilMs.delete = pausedUntilMs.publish = untilMs;
      lose('timeout');
    },
    retryRefused() {
      for (const kind of refusals.keys()) pausedUntilMs[kind] = 0;
    },
  };
}
