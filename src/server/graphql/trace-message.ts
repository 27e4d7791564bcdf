// Encodes what a subgraph fills of Apollo's `Trace` message, by hand: Apollo's package for it has 4 MB and an install
// script, of which npm warns everybody who installs the gateway. The tests decode with that package.
// @see https://github.com/apollographql/apollo-server/blob/main/packages/usage-reporting-protobuf/src/reports.proto
// @see https://protobuf.dev/programming-guides/encoding/

export interface TraceMessage {
  /** Since 1970. */
  readonly startTimeMs: number;
  /** Since 1970. */
  readonly endTimeMs: number;
  readonly durationNs: number;
  readonly root: TraceNode;
}

/** A field of the response or an item of a list. */
export interface TraceNode {
  /** The name in the response, or the index in the list; undefined for the root. */
  readonly key: string | number | undefined;
  /** Undefined for the root and for items. */
  field: TracedField | undefined;
  readonly errors: TraceError[];
  readonly children: TraceNode[];
}

interface TracedField {
  readonly type: string;
  readonly parentType: string;
  /** Undefined where it is the name in the response. */
  readonly originalName: string | undefined;
  /** Since the start of the trace. */
  readonly startNs: number;
  /** Since the start of the trace; 0 until the field is resolved. */
  endNs: number;
}

interface TraceError {
  readonly message: string;
  readonly locations: readonly { readonly line: number; readonly column: number }[];
  /** The error as it is in the answer. */
  readonly json: string;
}

/** @returns base64 of the message */
export function encodeTrace({ startTimeMs, endTimeMs, durationNs, root }: TraceMessage): string {
  const message =
    bytes(3, timestamp(endTimeMs)) +
    bytes(4, timestamp(startTimeMs)) +
    integer(11, durationNs) +
    bytes(14, encodeNode(root)) +
    fieldExecutionWeight;
  return Buffer.from(message, 'latin1').toString('base64');
}

/** Field 31, the double 1: no field is left out by sampling. */
const fieldExecutionWeight = `${varint(31 * 8 + 1)}\0\0\0\0\0\0\u00f0\u003f`;

function timestamp(milliseconds: number): string {
  return integer(1, Math.floor(milliseconds / 1_000)) + integer(2, (milliseconds % 1_000) * 1e6);
}

function encodeNode({ key, field, errors, children }: TraceNode): string {
  let message = '';
  if (key !== undefined) message += typeof key === 'number' ? integer(2, key) : text(1, key);
  if (field !== undefined) message += encodeField(field);
  for (const error of errors) message += bytes(11, encodeError(error));
  for (const child of children) message += bytes(12, encodeNode(child));
  return message;
}

function encodeField({ type, parentType, originalName, startNs, endNs }: TracedField): string {
  const name = originalName === undefined ? '' : text(14, originalName);
  return text(3, type) + integer(8, startNs) + integer(9, endNs) + text(13, parentType) + name;
}

function encodeError({ message, locations, json }: TraceError): string {
  const encoded = locations.map(({ line, column }) => bytes(2, integer(1, line) + integer(2, column)));
  return text(1, message) + encoded.join('') + text(4, json);
}

// Bytes are characters of strings here: joining strings copies nothing, and the length of each message comes before it.

function integer(field: number, value: number): string {
  return varint(field * 8) + varint(value);
}

function bytes(field: number, content: string): string {
  return varint(field * 8 + 2) + varint(content.length) + content;
}

function text(field: number, value: string): string {
  const isAscii = Buffer.byteLength(value) === value.length;
  return bytes(field, isAscii ? value : Buffer.from(value).toString('latin1'));
}

/** Encodes a whole number from 0 to 2^53 - 1. */
function varint(value: number): string {
  let encoded = '';
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) encoded += String.fromCharCode((rest % 128) + 128);
  return encoded + String.fromCharCode(rest);
}
