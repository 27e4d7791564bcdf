import { ExportResultCode } from '@opentelemetry/core';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from '../logger.ts';

/**
 * An exporter that says when traces cannot be delivered any more, and when they can again: the SDK drops them
 * without a word. Its errors name the host, so only the change of state is logged.
 */
export function reportDelivery(exporter: SpanExporter, logger: Logger): SpanExporter {
  let isFailing = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const failed = result.code !== ExportResultCode.SUCCESS;
        if (failed && !isFailing)
          logger.warn('traces cannot be delivered: check the OTEL_EXPORTER_OTLP variables');
        if (!failed && isFailing) logger.info('traces are delivered again');
        isFailing = failed;
        done(result);
      });
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
}
