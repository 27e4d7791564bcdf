import type {
  Attempt,
  AttemptResult,
  CacheResult,
  CallObserver,
} from '../../datasources/upstream/attempt.ts';
import type { OperationTrace } from '../../observability/tracing/index.ts';
import type { Exchange } from '../http/exchange.ts';
import type { RequestStatistics } from '../http/statistics.ts';

/** The most bytes of responses that one request holds: twice what a list may have. */
const maxReadBytes = 33_554_432;

/** Counts the upstream calls of a request in its statistics, and adds them to its trace. */
export class RequestCallObserver implements CallObserver {
  readonly #statistics: RequestStatistics;
  readonly #trace: OperationTrace | undefined;
  #inFlight = 0;
  /** Since when at least one call is in flight, on the clock of `performance.now()`. */
  #busySince = 0;

  readonly #exchange: Exchange;
  #bodyBytes = 0;
  #mayCall = true;
  /** Whether a read was refused because the request may not call. */
  wasRefused = false;

  constructor(exchange: Exchange, trace: OperationTrace | undefined) {
    this.#exchange = exchange;
    this.#statistics = exchange.statistics;
    this.#trace = trace;
  }

  get caller(): string {
    return this.#exchange.account.caller;
  }

  /** Answers from memory alone from now on. */
  refuseCalls(): void {
    this.#mayCall = false;
  }

  mayCall(): boolean {
    if (!this.#mayCall) this.wasRefused = true;
    return this.#mayCall;
  }

  onBody(bytes: number): boolean {
    this.#bodyBytes += bytes;
    this.#exchange.server.ledger.add(this.#exchange, bytes);
    return this.#bodyBytes <= maxReadBytes;
  }

  onCache(result: CacheResult): void {
    const { cache } = this.#statistics;
    cache[result] = (cache[result] ?? 0) + 1;
  }

  onRefresh(): void {
    this.#statistics.upstreamCalls += 1;
  }

  onAttemptStart(attempt: Attempt): Readonly<Record<string, string>> | undefined {
    this.#statistics.upstreamCalls += 1;
    if (attempt.method !== 'GET') this.#statistics.upstreamWrites += 1;
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
