import { createHash } from 'node:crypto';
import { LightCancellation } from '../../shared/cancellation.ts';
import type { Cancellation } from '../../shared/cancellation.ts';
import { promiseOf } from '../../shared/continuation.ts';
import type { Answer } from './answer.ts';
import type { Attempt, AttemptResult, CallObserver } from './attempt.ts';
import type { Fences } from './cache/fences.ts';
import { withoutKey } from './call.ts';
import type { Caller, Reading } from './call.ts';
import type { EndpointCall } from './client.ts';
import { createResourceName } from './endpoint.ts';
import type { AnyEndpoint } from './endpoint.ts';
import { deadlineError, UpstreamError, withOutcome } from './errors.ts';
import type { OperationName, WriteOutcome } from './errors.ts';
import type { Fingerprint } from './fingerprint.ts';
import { createResilientCall } from './resilient-call.ts';
import type { ResilientCallOptions } from './resilient-call.ts';
import { mayHaveChanged, writeOutcomeOf } from './write-outcome.ts';

/** A write that has ended, whether its caller still waited or not. */
export interface WriteEnd extends OperationName {
  /** What was written; undefined where that is not known. */
  readonly subject: string | undefined;
  readonly outcome: WriteOutcome | 'applied';
  /** Of the caller's request. */
  readonly requestId: string | undefined;
  /** A stand-in for the caller's credential, of use for nothing but a log; undefined without a usable one. */
  readonly caller: string | undefined;
}

export interface WriteOptions<Input, Value> extends ResilientCallOptions<Input, Value> {
  readonly fingerprint: Fingerprint;
  /** The service's other endpoints, which `invalidates` names. */
  readonly endpoints: readonly AnyEndpoint[];
  readonly fences: Fences;
  /** Whether the service has accepted the key of that fingerprint lately. */
  readonly isAccepted: (tenant: string) => boolean;
  /** The longest that one attempt takes, in milliseconds. */
  readonly timeoutMs: number;
  /** The writes that have not ended. */
  readonly pending: Set<Promise<unknown>>;
  readonly onEnd: ((end: WriteEnd) => void) | undefined;
}

/** How long after its attempt a write without an answer may still be carried out, in milliseconds. */
const lateMs = 60_000;

/**
 * The write of one endpoint: sent once, and again only where no byte of it went out. Once it is on its way nothing
 * aborts it; a caller that leaves then is told that the outcome is unknown, and the write goes on to its end.
 */
export function createWriteCall<Input extends object, Value>(
  options: WriteOptions<Input, Value>,
): EndpointCall<Input, Value> {
  const { service, title, endpoint, fingerprint, fences, isAccepted, timeoutMs, pending, now, onEnd } =
    options;
  const { operation } = endpoint;
  const send = createResilientCall(options);
  const namesOf = createNamesOf(options);

  /** The error of a write that its caller does not wait for any more. */
  function leaveError(reason: unknown, outcome: WriteOutcome): unknown {
    const error = deadlineError(reason, { service, operation, title });
    return error instanceof UpstreamError ? withOutcome(error, outcome) : error;
  }

  function report(
    { requestId }: Caller,
    tenant: string | undefined,
    end: Pick<WriteEnd, 'subject' | 'outcome'>,
  ): void {
    onEnd?.({ service, operation, ...end, requestId, caller: tenant && standInOf(tenant) });
  }

  /** What the call brings, with all readers fenced off meanwhile. */
  async function write(
    input: Input,
    { tenant, apiKey, way, caller }: { tenant: string; apiKey: string; way: Way; caller: Caller },
  ): Promise<Reading<Value>> {
    const { deadlineAtMs = now() + lateMs } = caller;
    const holdMs = Math.max(0, deadlineAtMs - now()) + timeoutMs + lateMs;
    const names = namesOf(input, undefined);
    let fence: Promise<string> | undefined;
    const raise = () => {
      if (names.length > 0) fence ??= fences.raise(names, holdMs);
    };
    way.onLeft = raise;
    try {
      // Whoever invents keys changes nothing, and evicts nothing either.
      if (isAccepted(tenant)) raise();
      await fence;
      const context = { signal: way.signal, deadlineAtMs, observer: way };
      const answer = await promiseOf<Answer<Value>>((continuation) =>
        send({ input, apiKey, tenant }, context, continuation),
      );
      if (answer.kind !== 'full') throw new Error('A 304 without a condition');
      const { value } = answer;
      const written = [...new Set([...names, ...namesOf(input, value)])];
      if (written.length > 0) await fences.lift(await fence, written);
      report(caller, tenant, { subject: endpoint.subject?.(input, value), outcome: 'applied' });
      return { value, freshUntil: 0 };
    } catch (error) {
      const outcome = outcomeOf(error, way);
      if (outcome === 'unknown') {
        raise();
        await fence;
      } else if (fence !== undefined || (isUpstreamError(error) && mayHaveChanged(error))) {
        await fences.lift(await fence, names);
      }
      report(caller, tenant, { subject: endpoint.subject?.(input, undefined), outcome });
      if (isUpstreamError(error)) throw withOutcome(error, outcome);
      throw error === way.signal.reason ? leaveError(error, outcome) : error;
    }
  }

  return async (input, caller) => {
    const { apiKey = '', signal } = caller;
    const tenant = fingerprint(apiKey);
    const subject = endpoint.subject?.(input, undefined);
    if (tenant === undefined || signal?.aborted === true) {
      report(caller, tenant, { subject, outcome: 'not_applied' });
      throw tenant === undefined
        ? withOutcome(withoutKey(apiKey, title ?? service), 'not_applied')
        : leaveError(signal?.reason, 'not_applied');
    }
    const way = new Way(caller.observer, tenant);
    const ended = write(input, { tenant, apiKey, way, caller });
    pending.add(ended);
    const forget = () => void pending.delete(ended);
    ended.then(forget, forget);
    if (signal === undefined) return ended;
    return leavable(ended, signal, () => {
      if (way.leave(signal.reason)) throw leaveError(signal.reason, 'unknown');
    });
  };
}

/**
 * @param leave called when the signal is aborted; what it throws is the outcome, unless it throws nothing
 */
function leavable<Value>(ended: Promise<Value>, signal: Cancellation, leave: () => void): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      try {
        leave();
      } catch (error) {
        reject(error);
      }
    };
    signal.addEventListener('abort', onAbort);
    ended.finally(() => signal.removeEventListener('abort', onAbort)).then(resolve, reject);
  });
}

/** How far a write has got, and whether its caller still looks at it. */
class Way implements CallObserver {
  /** Aborted when the caller leaves before the write is on its way. */
  readonly signal = new LightCancellation();
  readonly caller: string;
  /** Called when the caller leaves a write that is on its way. */
  onLeft: (() => void) | undefined;
  #observer: CallObserver | undefined;
  #attempt: { readonly attempt: Attempt; readonly startedAtMs: number } | undefined;

  /** @param tenant whose share of the bulkhead it is, where nobody observes the write */
  constructor(observer: CallObserver | undefined, tenant: string) {
    this.#observer = observer;
    this.caller = observer?.caller ?? tenant;
  }

  /** Lets the caller go. @returns whether the write is on its way, and goes on */
  leave(reason: unknown): boolean {
    if (this.#attempt === undefined) {
      this.signal.abort(reason);
      return false;
    }
    const { attempt, startedAtMs } = this.#attempt;
    const durationMs = performance.now() - startedAtMs;
    this.#observer?.onAttemptEnd(attempt, { status: undefined, failure: 'cancelled', durationMs });
    this.#observer = undefined;
    this.onLeft?.();
    return true;
  }

  mayCall(): boolean {
    return true;
  }

  /** What arrives after the caller has left counts for nobody: it is one answer of limited size. */
  onBody(bytes: number): boolean {
    return this.#observer?.onBody(bytes) ?? true;
  }

  onCache(): void {}

  onRefresh(): void {}

  onAttemptStart(attempt: Attempt): Readonly<Record<string, string>> | undefined {
    this.#attempt = { attempt, startedAtMs: performance.now() };
    return this.#observer?.onAttemptStart(attempt);
  }

  onAttemptEnd(attempt: Attempt, result: AttemptResult): void {
    this.#attempt = undefined;
    this.#observer?.onAttemptEnd(attempt, result);
  }
}

function outcomeOf(error: unknown, { signal }: Way): WriteOutcome {
  if (isUpstreamError(error)) return writeOutcomeOf(error);
  // Given up before it was on its way. Anything else is a defect, of which nothing is known.
  return signal.aborted && error === signal.reason ? 'not_applied' : 'unknown';
}

function isUpstreamError(error: unknown): error is UpstreamError {
  return error instanceof UpstreamError;
}

/** Tells callers apart without what stands for them elsewhere. */
function standInOf(tenant: string): string {
  return createHash('sha256').update(`write ${tenant}`).digest('hex').slice(0, 16);
}

/**
 * The names of what a write makes out of date, as `Fences` take them.
 *
 * @throws an Error for an invalidation of an operation that the service does not have, or cannot be invalidated so
 */
function createNamesOf<Input extends object, Value>({ endpoint, endpoints }: WriteOptions<Input, Value>) {
  const reads = new Map(
    endpoints
      .filter(({ method }) => method === 'GET')
      .map(({ operation, path, cache }) => [
        operation,
        { nameOf: createResourceName(operation, path), isKept: cache !== undefined },
      ]),
  );
  return (input: Input, value: Value | undefined): string[] =>
    (endpoint.invalidates?.(input, value) ?? []).map(({ operation, input: read }) => {
      const known = reads.get(operation);
      if (known === undefined) throw new Error(`${endpoint.operation} invalidates no read: ${operation}`);
      if (read !== undefined) return known.nameOf(read);
      if (known.isKept) throw new Error(`${endpoint.operation}: say which ${operation} it invalidates`);
      return operation;
    });
}
