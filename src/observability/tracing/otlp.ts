import type { IncomingHttpHeaders } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import {
  defaultTextMapSetter,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace as traceApi,
} from '@opentelemetry/api';
import type { Context, Span, TextMapGetter, TextMapPropagator, Tracer } from '@opentelemetry/api';
import { CompositePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { TracingConfig } from '../../config/index.ts';
import type { Attempt, AttemptResult } from '../../datasources/upstream/attempt.ts';
import { programName } from '../../config/program.ts';
import { lastTracesMs } from '../../config/stop-timeout.ts';
import type { Logger } from '../logger.ts';
import type { OperationTrace, RequestTrace, TracedOperation, Tracing } from './index.ts';
import { reportDelivery } from './report-delivery.ts';
import { createSampler } from './sampler.ts';

export interface TracingOptions extends TracingConfig {
  /** The version of the gateway. */
  readonly version: string;
  readonly logger: Logger;
}

/**
 * Creates tracing by OpenTelemetry's semantic conventions for HTTP and GraphQL, exported in batches by OTLP over HTTP.
 * Registers nothing globally, because the gateway may run inside a program with tracing of its own. No span holds an id, a
 * host, a header or a variable; paths are templates.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 * @see https://opentelemetry.io/docs/specs/semconv/graphql/graphql-spans/
 */
export function createTracing(options: TracingOptions): Tracing {
  const { endpoint, serviceName, resourceAttributes, propagates, version, logger } = options;
  const exporter = reportDelivery(new OTLPTraceExporter({ url: endpoint }), logger);
  const provider = new TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({
        'service.version': version,
        ...resourceAttributes,
        'service.name': serviceName,
      }),
    ),
    sampler: createSampler(options),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  const tools = {
    tracer: provider.getTracer(programName, version),
    propagator: new CompositePropagator({
      propagators: propagates ? [new W3CTraceContextPropagator()] : [],
    }),
  };
  return {
    startRequest: (method, route, headers) => new RequestSpan(tools, method, route, headers),
    async close() {
      // `reportDelivery` has logged a failure.
      const delivered = provider.shutdown().then(
        () => true,
        () => true,
      );
      const isOver = await Promise.race([delivered, delay(lastTracesMs, false, { ref: false })]);
      if (!isOver) logger.warn('the last traces are given up: their receiver does not answer');
    },
  };
}

/** What the spans of a request share. */
interface Tools {
  readonly tracer: Tracer;
  readonly propagator: TextMapPropagator;
}

const headerGetter: TextMapGetter<IncomingHttpHeaders> = {
  keys: (headers) => Object.keys(headers),
  get: (headers, name) => headers[name],
};

/** The methods that a span may name. Others are `_OTHER`, because clients invent them. */
const knownMethods = new Set([
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
]);

class RequestSpan implements RequestTrace {
  readonly #tools: Tools;
  readonly #span: Span;
  readonly #context: Context;
  readonly traceId: string;

  constructor(tools: Tools, method: string, route: string | undefined, headers: IncomingHttpHeaders) {
    const caller = tools.propagator.extract(ROOT_CONTEXT, headers, headerGetter);
    const known = knownMethods.has(method) ? method : '_OTHER';
    const name = knownMethods.has(method) ? method : 'HTTP';
    this.#tools = tools;
    this.#span = tools.tracer.startSpan(
      route === undefined ? name : `${name} ${route}`,
      {
        kind: SpanKind.SERVER,
        attributes: {
          'http.request.method': known,
          'url.scheme': 'http',
          // Routes are exact, so the path of a route holds nothing that the client chose.
          ...(route !== undefined && { 'http.route': route, 'url.path': route }),
        },
      },
      caller,
    );
    this.#context = traceApi.setSpan(caller, this.#span);
    this.traceId = this.#span.spanContext().traceId;
  }

  startOperation(): OperationTrace {
    return new OperationSpan(this.#tools, this.#context);
  }

  end(status: number | undefined): void {
    const span = this.#span;
    if (status === undefined) {
      span.setAttribute('error.type', 'aborted');
    } else {
      span.setAttribute('http.response.status_code', status);
      if (status >= 500) fail(span, String(status));
    }
    span.end();
  }
}

class OperationSpan implements OperationTrace {
  readonly #tools: Tools;
  readonly #span: Span;
  readonly #context: Context;
  /** The spans of the attempts in flight. */
  readonly #attempts = new Map<Attempt, Span>();

  constructor(tools: Tools, parent: Context) {
    this.#tools = tools;
    this.#span = tools.tracer.startSpan('GraphQL Operation', { kind: SpanKind.INTERNAL }, parent);
    this.#context = traceApi.setSpan(parent, this.#span);
  }

  startAttempt(attempt: Attempt): Readonly<Record<string, string>> {
    const { service, method, urlTemplate, number } = attempt;
    const span = this.#tools.tracer.startSpan(
      `${method} ${urlTemplate}`,
      {
        kind: SpanKind.CLIENT,
        attributes: {
          'http.request.method': method,
          'peer.service': service,
          'url.template': urlTemplate,
          ...(number > 1 && { 'http.request.resend_count': number - 1 }),
        },
      },
      this.#context,
    );
    this.#attempts.set(attempt, span);
    const headers = {};
    this.#tools.propagator.inject(traceApi.setSpan(this.#context, span), headers, defaultTextMapSetter);
    return headers;
  }

  endAttempt(attempt: Attempt, { status, failure }: AttemptResult): void {
    const span = this.#attempts.get(attempt);
    if (span === undefined) return;
    this.#attempts.delete(attempt);
    if (status !== undefined) span.setAttribute('http.response.status_code', status);
    // A 404 without a failure is a good answer: there is nothing with that id.
    if (failure !== undefined) fail(span, status !== undefined && status >= 400 ? String(status) : failure);
    span.end();
  }

  end({ name, type, errorCode }: TracedOperation): void {
    const span = this.#span;
    if (type !== undefined) {
      span.updateName(name === undefined ? type : `${type} ${name}`);
      span.setAttribute('graphql.operation.type', type);
      if (name !== undefined) span.setAttribute('graphql.operation.name', name);
    }
    if (errorCode !== undefined) fail(span, errorCode);
    span.end();
  }
}

function fail(span: Span, errorType: string): void {
  span.setAttribute('error.type', errorType);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
