import type { IncomingMessage } from 'node:http';
import type { ServerEvents } from '../../observability/events.ts';
import type { Logger } from '../../observability/logger.ts';
import type { RequestTrace, Tracing } from '../../observability/tracing/index.ts';
import type { RequestStatistics } from './statistics.ts';

export interface RequestWatchOptions {
  readonly logger: Logger;
  /** The share of the requests without any error that are logged, from 0 to 1. @default 1 */
  readonly sampleSuccesses?: number;
  readonly events?: ServerEvents;
  /** Undefined where traces are off. */
  readonly tracing?: Tracing | undefined;
  /** Returns a number from 0 up to, not including, 1. @default Math.random */
  readonly random?: () => number;
}

/** Records each request in the log, the metrics and the traces. */
export interface RequestWatch {
  start(
    request: Pick<IncomingMessage, 'method' | 'headers'>,
    route: string | undefined,
  ): RequestTrace | undefined;
  end(request: WatchedRequest): void;
  /** Records a refusal of bytes that the parser made no request of. */
  recordEarlyRefusal(refusal: EarlyRefusal): void;
}

interface EarlyRefusal {
  /** Empty where the parser read none. */
  readonly method: string;
  readonly requestId: string;
  readonly status: number;
  /** The `extensions.code` of the answer. */
  readonly errorCode: string;
  /** The parser's code for the fault. */
  readonly reason: string;
}

interface WatchedRequest {
  readonly method: string;
  readonly requestId: string;
  readonly route: string | undefined;
  readonly trace: RequestTrace | undefined;
  /** Undefined when the client went away before its answer was sent. */
  readonly status: number | undefined;
  readonly durationMs: number;
  readonly statistics: RequestStatistics;
}

export function createRequestWatch(options: RequestWatchOptions): RequestWatch {
  const { logger, sampleSuccesses = 1, events = {}, tracing, random = Math.random } = options;

  return {
    start(request, route) {
      events.onRequestStart?.();
      if (tracing === undefined || route?.startsWith('/health/') === true) return undefined;
      return tracing.startRequest(request.method ?? '', route, request.headers);
    },
    end({ method, requestId, route = 'unknown', trace, status, durationMs, statistics }) {
      trace?.end(status);
      const { errorCodes, brokenLimits } = statistics;
      events.onRequestEnd?.({ method, route, status, durationMs, errorCodes, brokenLimits });
      // Probed every few seconds.
      const level = route.startsWith('/health/') ? 'debug' : 'info';
      if (logger.isLevelEnabled?.(level) === false) return;
      if (sampleSuccesses < 1 && isSuccess(status, statistics) && random() >= sampleSuccesses) return;
      const { upstreamMs, upstreamWrites, ...rest } = statistics;
      // No URL, header, variable or body.
      logger[level](
        {
          requestId,
          ...(trace && { traceId: trace.traceId }),
          method,
          route,
          ...(status === undefined ? { aborted: true } : { status }),
          durationMs: round(durationMs),
          upstreamMs: round(upstreamMs),
          ...(upstreamWrites > 0 && { upstreamWrites }),
          ...rest,
        },
        'request',
      );
    },
    recordEarlyRefusal({ method, requestId, status, errorCode, reason }) {
      events.onRequestStart?.();
      events.onRequestEnd?.({
        method,
        route: 'unknown',
        status,
        durationMs: 0,
        errorCodes: { [errorCode]: 1 },
        brokenLimits: {},
      });
      logger.info({ requestId, route: 'unknown', status, reason }, 'request');
    },
  };
}

function isSuccess(status: number | undefined, { errorCodes }: RequestStatistics): boolean {
  return status !== undefined && status < 400 && Object.keys(errorCodes).length === 0;
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
