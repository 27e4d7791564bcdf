import type { Registry } from 'prom-client';
import type { ServerEvents } from '../events.ts';
import { createBoundedNames } from './bounded-names.ts';
import { durationBounds } from './bounds.ts';
import { createCounters, createHistograms } from './family.ts';

/** The methods that are label values of their own: clients invent others. */
const knownMethods = new Set(['GET', 'POST', 'HEAD', 'OPTIONS']);
/** By the first digit of the status. */
const statusClasses = ['0xx', '1xx', '2xx', '3xx', '4xx', '5xx'];

/** The most operation names that are label values of their own, because clients choose them. */
const maxOperationNames = 100;

/**
 * Creates the metrics of the server: rate, errors and duration of requests and of operations.
 *
 * @param errorCodes all codes of errors; their series begin at 0, because Prometheus misses the first value of a new series
 */
export function createServerMetrics(
  registry: Registry,
  prefix: string,
  errorCodes: readonly string[],
): ServerEvents {
  const requests = createHistograms(
    {
      registry,
      name: `${prefix}http_request_duration_seconds`,
      help: 'HTTP requests by route, method and class of status; aborted: the client went away first.',
      labelNames: ['route', 'method', 'status'],
    },
    durationBounds,
  );
  const started = createCounters({
    registry,
    name: `${prefix}http_requests_started_total`,
    help: 'HTTP requests that have begun. Those that have ended are the count of their durations.',
    labelNames: [],
  }).child();
  const operations = createHistograms(
    {
      registry,
      name: `${prefix}operation_duration_seconds`,
      help: 'GraphQL operations by name and outcome: ok, client_error, server_error or aborted.',
      labelNames: ['operation', 'outcome'],
    },
    durationBounds,
  );
  const errors = createCounters({
    registry,
    name: `${prefix}errors_total`,
    help: 'Errors in answers by extensions.code.',
    labelNames: ['code'],
  });
  for (const code of errorCodes) errors.child(code);
  const brokenLimits = createCounters({
    registry,
    name: `${prefix}limits_broken_total`,
    help: 'Errors in answers that say that a limit is broken, by the limit.',
    labelNames: ['limit'],
  });
  const boundedName = createBoundedNames(maxOperationNames);

  return {
    onRequestStart() {
      started.value += 1;
    },
    onRequestEnd({ route, method, status, durationMs, errorCodes: codes, brokenLimits: limits }) {
      const statusClass =
        status === undefined ? 'aborted' : (statusClasses[Math.floor(status / 100)] ?? 'other');
      requests
        .child(route, knownMethods.has(method) ? method : 'other', statusClass)
        .observe(durationMs / 1_000);
      // The client has not received the errors.
      if (status === undefined) return;
      for (const code in codes) errors.child(code).value += codes[code] ?? 0;
      for (const limit in limits) brokenLimits.child(limit).value += limits[limit] ?? 0;
    },
    onOperation({ name, outcome, durationMs }) {
      const operation = name === undefined ? 'anonymous' : boundedName(name);
      operations.child(operation, outcome).observe(durationMs / 1_000);
    },
  };
}
