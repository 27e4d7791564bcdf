import type {
  Attempt,
  AttemptResult,
  CacheResult,
  CallObserver,
} from '../../datasources/upstream/attempt.ts';
import type { OperationTrace } from '../../observability/tracing/index.ts';
import { increment } from '../http/statistics.ts';
import type { RequestStatistics } from '../http/statistics.ts';

/** Counts the upstream calls of a request in its statistics, and adds them to its trace. */
export class RequestCallObserver implements CallObserver {
  readonly #statistics: RequestStatistics;
  readonly #trace: OperationTrace | undefined;
  #inFlight = 0;
  /** Since when at least one call is in flight, on the clock of `performance.now()`. */
  #busySince = 0;

  constructor(statistics: RequestStatistics, trace: OperationTrace | undefined) {
    this.#statistics = statistics;
    this.#trace = trace;
  }

  onCache(result: CacheResult): void {
    increment(this.#statistics.cache, result);
  }

  onRefresh(): void {
    this.#statistics.upstreamCalls += 1;
  }

  onAttemptStart(attempt: Attempt): Readonly<Record<string, string>> | undefined {
    this.#statistics.upstreamCalls += 1;
    if (this.#inFlight === 0) this.#busySince = performance.now();
    this.#inFlight += 1;
    return this.#trace?.startAttempt(attempt);
  }

  onAttemptEnd(attempt: Attempt, result: AttemptResult): void {
    this.#inFlight -= 1;
    if (this.#inFlight === 0) this.#statistics.upstreamMs += performance.now() - this.#busySince;
    this.#trace?.endAttempt(attempt, result);
  }
}
