import { ExportResultCode } from '@opentelemetry/core';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { Logger } from '../logger.ts';

/**
 * Wraps an exporter to log when the export of traces begins to fail, and when it works again: the SDK drops them silently.
 * Errors of the exporter are not logged, because they name the host.
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
