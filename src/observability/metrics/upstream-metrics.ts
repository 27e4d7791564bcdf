import type { Registry } from 'prom-client';
import type { AttemptResult } from '../../datasources/upstream/attempt.ts';
import type { UpstreamEvents } from '../../datasources/upstream/index.ts';
import type { DataSourcesEvents } from '../../datasources/index.ts';
import { batchSizeBounds, durationBounds } from './bounds.ts';
import { createCounters, createHistograms } from './family.ts';

/**
 * Creates listeners that count the events of a service.
 *
 * @param operations all operations of the service
 */
export function createUpstreamMetrics(
  registry: Registry,
  prefix: string,
  service: string,
  operations: readonly string[],
): UpstreamEvents & DataSourcesEvents {
  const counters = (name: string, help: string, ...labelNames: string[]) =>
    createCounters({ registry, name: prefix + name, help, labelNames, fixedLabels: { service } });
  const attempts = createHistograms(
    {
      registry,
      name: `${prefix}upstream_attempt_duration_seconds`,
      help: 'Attempts of calls to a service by operation, by class of status or kind of failure, and by number.',
      labelNames: ['operation', 'status', 'attempt'],
      fixedLabels: { service },
    },
    durationBounds,
  );
  const batches = createHistograms(
    {
      registry,
      name: `${prefix}loader_batch_size`,
      help: 'How many different things one batch of a request reads.',
      labelNames: ['operation'],
      fixedLabels: { service },
    },
    batchSizeBounds,
  );
  const retries = counters('upstream_retries_total', 'Attempts that were repeated.', 'operation');
  const retriesDenied = counters(
    'upstream_retries_denied_total',
    'Attempts that would have been repeated, had the budget not been used up.',
    'operation',
  );
  const overloaded = counters(
    'upstream_overloaded_total',
    'Reads that were refused because too many wait already.',
    'operation',
  );
  const breakerChanges = counters(
    'upstream_breaker_changes_total',
    "Changes of a circuit breaker's state, by the new state.",
    'operation',
    'state',
  );
  const coalesced = counters('coalesced_reads_total', 'Reads that joined one in flight.', 'operation');
  const cacheReads = counters(
    'cache_reads_total',
    'Reads by tier of the cache and result; stale: answered with what is no longer fresh.',
    'tier',
    'result',
  );
  const dropped = counters('list_items_dropped_total', 'Items of lists that had no id.').child();
  const sharedCacheChanges = counters(
    'shared_cache_changes_total',
    'How often the shared cache was lost, became read-only, recovered, or held garbage.',
    'state',
  );

  // Series begin at 0, because Prometheus misses the first value of a new series.
  for (const operation of operations) {
    attempts.child(operation, 'invalid_response', '1');
    for (const family of [retries, retriesDenied, overloaded, coalesced]) family.child(operation);
    for (const state of ['closed', 'open', 'half_open']) breakerChanges.child(operation, state);
  }
  for (const state of ['lost', 'read_only', 'recovered', 'garbage']) sharedCacheChanges.child(state);
  // Found once: every read counts in one of them.
  const batchesOf = new Map(operations.map((operation) => [operation, batches.child(operation)]));
  const memoryReads = {
    hit: cacheReads.child('memory', 'hit'),
    stale: cacheReads.child('memory', 'stale'),
    miss: cacheReads.child('memory', 'miss'),
  };

  return {
    onAttempt({ operation, number }, result) {
      attempts.child(operation, statusOf(result), String(number)).observe(result.durationMs / 1_000);
    },
    onBatch(operation, size) {
      batchesOf.get(operation)?.observe(size);
    },
    onRetry(operation) {
      retries.child(operation).value += 1;
    },
    onRetryDenied(operation) {
      retriesDenied.child(operation).value += 1;
    },
    onOverloaded(operation) {
      overloaded.child(operation).value += 1;
    },
    onBreakerStateChange(state, operation) {
      breakerChanges.child(operation, state).value += 1;
    },
    onCoalesced(operation) {
      coalesced.child(operation).value += 1;
    },
    onCache(result) {
      memoryReads[result].value += 1;
    },
    onSharedCache(result) {
      cacheReads.child('shared', result).value += 1;
    },
    onItemsDropped(count) {
      dropped.value += count;
    },
    onSharedCacheStateChange(state) {
      sharedCacheChanges.child(state).value += 1;
    },
  };
}

/** Returns the class of the status, and for an unusable or missing answer the kind of failure. */
function statusOf({ status, failure }: AttemptResult): string {
  if (status === undefined || failure === 'invalid_response') return failure ?? 'unknown';
  return `${Math.floor(status / 100)}xx`;
}
