export interface ChaosReport {
  requests: number;
  /** Callers that left before their answer. */
  left: number;
  readonly faults: Record<string, number>;
  /** Answers by code; `ok` for those without an error. */
  readonly answers: Record<string, number>;
  /** Writes by what became of them. */
  readonly writes: Record<string, number>;
  /** What must not happen, in words. */
  readonly violations: string[];
  p50Ms: number;
  p99Ms: number;
  retries: number;
  breakerOpenings: number;
  peakInFlight: number;
  /** Heap in use after a full collection: before the load, and after it; 0 where it is not measured. */
  heapBytes: { before: number; after: number };
}
