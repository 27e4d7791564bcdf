import { buffer } from 'node:stream/consumers';
import { PbfReader } from 'pbf';
import { startHttpUpstream } from './upstreams.ts';

/** A span as the receiver decodes it. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root span. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** 2: the span has failed. */
  readonly statusCode: number;
  readonly durationMs: number;
}

export interface OtlpReceiver {
  readonly endpoint: string;
  readonly spans: ReceivedSpan[];
  /** Of the resource: `service.name` and the like. */
  readonly resource: Record<string, unknown>;
  /** The bytes of every delivery, as text. */
  text(): string;
  /** Answers with another status from now on. */
  answerWith(status: number): void;
  /** Answers nothing from now on. */
  stall(): void;
  /** The number of deliveries, including refused ones. */
  deliveries(): number;
}

/**
 * Starts a receiver of OTLP over HTTP with protobuf bodies.
 *
 * @param target where it takes traces; anything else is a 404
 */
export async function startOtlpReceiver(target = '/v1/traces'): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const resource: Record<string, unknown> = {};
  const bodies: string[] = [];
  let status = 200;
  let isStalled = false;
  const endpoint = await startHttpUpstream((request, response) => {
    const isTraces = request.method === 'POST' && request.url === target;
    const receive = async () => {
      const body = await buffer(request);
      bodies.push(body.toString('latin1'));
      if (isStalled) return;
      if (status === 200 && isTraces) readRequest(body, spans, resource);
      response.writeHead(isTraces ? status : 404, { 'content-type': 'application/x-protobuf' }).end();
    };
    void receive();
  });
  return {
    endpoint,
    spans,
    resource,
    text: () => bodies.join('\n'),
    answerWith: (next) => void (status = next),
    stall: () => void (isStalled = true),
    deliveries: () => bodies.length,
  };
}

type Fields = Record<number, (reader: PbfReader) => void>;

/** Reads a message by field numbers; a field without a reader is skipped. */
function readMessage(reader: PbfReader, fields: Fields, end?: number): void {
  reader.readFields((tag) => fields[tag]?.(reader), undefined, end);
}

/** Reads a message that is a field of another. */
function nested(fields: Fields): (reader: PbfReader) => void {
  return (reader) => readMessage(reader, fields, reader.readVarint() + reader.pos);
}

/** @see https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto */
function readRequest(body: Buffer, spans: ReceivedSpan[], resource: Record<string, unknown>): void {
  const scopeSpans = nested({ 2: (reader) => spans.push(readSpan(reader)) });
  const resourceSpans = nested({ 1: nested({ 1: attributeInto(resource) }), 2: scopeSpans });
  readMessage(new PbfReader(body), { 1: resourceSpans });
}

function readSpan(reader: PbfReader): ReceivedSpan {
  const span = { traceId: '', spanId: '', parentSpanId: '', name: '', kind: 0, statusCode: 0 };
  const attributes: Record<string, unknown> = {};
  let start = 0n;
  let end = 0n;
  nested({
    1: () => void (span.traceId = hex(reader)),
    2: () => void (span.spanId = hex(reader)),
    4: () => void (span.parentSpanId = hex(reader)),
    5: () => void (span.name = reader.readString()),
    6: () => void (span.kind = reader.readVarint()),
    7: () => void (start = readFixed64(reader)),
    8: () => void (end = readFixed64(reader)),
    9: attributeInto(attributes),
    15: nested({ 3: () => void (span.statusCode = reader.readVarint()) }),
  })(reader);
  return { ...span, attributes, durationMs: Number(end - start) / 1e6 };
}

function attributeInto(attributes: Record<string, unknown>): (reader: PbfReader) => void {
  return (reader) => {
    let key = '';
    let value: unknown;
    nested({
      1: () => void (key = reader.readString()),
      2: nested({
        1: () => void (value = reader.readString()),
        2: () => void (value = reader.readBoolean()),
        3: () => void (value = reader.readVarint()),
      }),
    })(reader);
    attributes[key] = value;
  };
}

function hex(reader: PbfReader): string {
  return Buffer.from(reader.readBytes()).toString('hex');
}

function readFixed64(reader: PbfReader): bigint {
  return BigInt(reader.readFixed32()) + (BigInt(reader.readFixed32()) << 32n);
}
