import { GraphQLError, Kind, parse, visit } from 'graphql';
import type { ASTNode } from 'graphql';
import { expect, test } from 'vitest';
import { UpstreamError } from '../src/datasources/upstream/errors.ts';
import type { Failure } from '../src/datasources/upstream/errors.ts';
import { formatErrors } from '../src/server/graphql/errors.ts';

const call = { service: 'crm', operation: 'getContact', title: 'The CRM', status: 500 };
const upstream = { service: 'crm', operation: 'getContact', status: 500 };

/** The error as the client gets it, and what the log gets. */
function format(error: GraphQLError) {
  const failures: unknown[] = [];
  const unforeseen: unknown[] = [];
  const [formatted] = formatErrors([error], {
    requestId: 'request-1',
    onFailure: (failure) => failures.push(failure),
    onUnforeseen: (cause) => unforeseen.push(cause),
  });
  if (formatted === undefined) throw new Error('There is no error');
  const { extensions, ...rest } = formatted;
  expect(extensions['requestId']).toBe('request-1');
  const { requestId: _requestId, ...known } = extensions;
  return { ...rest, extensions: known, failures, unforeseen };
}

const ofField = (originalError: Error, path: (string | number)[] | undefined = ['contact']) =>
  new GraphQLError('failed', { path, originalError });

const formatFailure = (failure: Failure, outcome?: 'not_applied' | 'unknown') =>
  format(ofField(new UpstreamError(failure, call, undefined, outcome)));

const fieldErrors = [{ path: ['id'], message: 'Not an id', type: 'uuid' }];

test.each<[Failure, Record<string, unknown>]>([
  [
    { kind: 'invalid_input', fieldErrors },
    { code: 'BAD_USER_INPUT', retryable: false, fieldErrors },
  ],
  [
    { kind: 'invalid_input', fieldErrors: [] },
    { code: 'BAD_USER_INPUT', retryable: false, fieldErrors: [] },
  ],
  [
    { kind: 'unauthenticated', reason: 'missing_key' },
    { code: 'UNAUTHENTICATED', retryable: false },
  ],
  [
    { kind: 'unauthenticated', reason: 'malformed_key' },
    { code: 'UNAUTHENTICATED', retryable: false },
  ],
  [
    { kind: 'unauthenticated', reason: 'refused_key' },
    { code: 'UNAUTHENTICATED', retryable: false },
  ],
  [{ kind: 'forbidden' }, { code: 'FORBIDDEN', retryable: false }],
  [{ kind: 'not_found' }, { code: 'NOT_FOUND', retryable: false }],
  [{ kind: 'conflict' }, { code: 'CONFLICT', retryable: false }],
  [
    { kind: 'rate_limited', retryAfterMs: undefined },
    { code: 'RATE_LIMITED', retryable: true },
  ],
  [
    { kind: 'rate_limited', retryAfterMs: 7 },
    { code: 'RATE_LIMITED', retryable: true, retryAfterMs: 7 },
  ],
  [
    { kind: 'timeout', phase: 'attempt' },
    { code: 'UPSTREAM_TIMEOUT', retryable: true },
  ],
  [
    { kind: 'unavailable', reason: 'http_503' },
    { code: 'UPSTREAM_UNAVAILABLE', retryable: true },
  ],
  [
    { kind: 'unavailable', reason: 'circuit_open', retryAfterMs: 0 },
    { code: 'UPSTREAM_UNAVAILABLE', retryable: true, reason: 'circuit_open', retryAfterMs: 0 },
  ],
  [
    { kind: 'unexpected_status', status: 500 },
    { code: 'UPSTREAM_ERROR', retryable: true },
  ],
  [
    { kind: 'unexpected_status', status: 499 },
    { code: 'UPSTREAM_ERROR', retryable: false },
  ],
  [
    { kind: 'invalid_response', reason: 'not_json' },
    { code: 'UPSTREAM_INVALID_RESPONSE', retryable: false },
  ],
  [
    { kind: 'overloaded', retryAfterMs: 9 },
    { code: 'OVERLOADED', retryable: true, retryAfterMs: 9 },
  ],
])('%j has its row of the error table, and says what became of a write', (failure, extensions) => {
  const read = formatFailure(failure);
  expect(read).toMatchObject({ path: ['contact'], unforeseen: [] });
  expect(read.extensions).toStrictEqual({ ...extensions, upstream });
  expect(read).not.toHaveProperty('locations');
  expect(read.failures).toEqual([new UpstreamError(failure, call)]);
  expect(read.message).toMatch(/^[A-Z].{12,}$/);

  const refused = formatFailure(failure, 'not_applied');
  expect(refused.message).toBe(read.message);
  expect(refused.extensions).toEqual({ ...extensions, upstream, outcome: 'not_applied' });

  const unknown = formatFailure(failure, 'unknown');
  expect(unknown.message).toMatch(/^The CRM .* look before you try again\.$/);
  expect(unknown.extensions).toEqual({ ...extensions, retryable: false, upstream, outcome: 'unknown' });
});

test('messages name the service by its title, and the first input that is wrong', () => {
  const message = (failure: Failure) => formatFailure(failure).message;
  expect(message({ kind: 'timeout', phase: 'attempt' })).toBe('The CRM did not answer in time; try again.');
  expect(message({ kind: 'invalid_input', fieldErrors })).toBe('Invalid input: Not an id');
  expect(message({ kind: 'invalid_input', fieldErrors: [] })).toBe('Invalid input');
  const reasons = ['missing_key', 'malformed_key', 'refused_key'] as const;
  const messages = reasons.map((reason) => message({ kind: 'unauthenticated', reason }));
  expect(new Set(messages).size).toBe(3);
  for (const text of messages) expect(text).toContain('The CRM');
});

test('a failure before any call names no call, and no service where none is known', () => {
  const error = new UpstreamError({ kind: 'timeout', phase: 'deadline' });
  const { message, extensions } = format(ofField(error));
  expect(message).toBe('The service did not answer in time; try again.');
  expect(extensions).toEqual({ code: 'UPSTREAM_TIMEOUT', retryable: true });
});

const masked = {
  message: 'Something went wrong; report the requestId.',
  extensions: { code: 'INTERNAL_SERVER_ERROR' },
};

test('what is unforeseen is masked, and logged with its cause', () => {
  const cause = new Error('a secret');
  const nested = new GraphQLError('outer', { originalError: ofField(cause) });
  expect(format(nested)).toEqual({ ...masked, failures: [], unforeseen: [cause] });
  expect(format(ofField(cause))).toMatchObject({ ...masked, path: ['contact'] });
});

test('what graphql-js says of its own is masked in the log as well, because it may hold values', () => {
  const own = new GraphQLError('a secret of graphql-js', { extensions: { code: 'toString' } });
  const { unforeseen, ...rest } = format(own);
  expect(format(new GraphQLError('a secret', { nodes: nodeOf(Kind.FIELD) }))).toMatchObject(masked);
  expect(rest).toEqual({ ...masked, failures: [] });
  expect(unforeseen).toEqual([new Error('graphql-js could not execute the operation')]);
});

test('a code of the table lets the message and the limit through', () => {
  const code = 'QUERY_TOO_COMPLEX';
  const error = new GraphQLError('Too deep.', { extensions: { code, limit: 'depth', other: 1 } });
  const document = parse('{ contact }');
  const located = new GraphQLError('Too deep.', { nodes: document.definitions, extensions: { code } });
  expect(format(error)).toStrictEqual({
    message: 'Too deep.',
    extensions: { code, limit: 'depth' },
    failures: [],
    unforeseen: [],
  });
  expect(format(located)).toMatchObject({ extensions: { code }, locations: [{ line: 1, column: 1 }] });
  expect(format(located).extensions).toStrictEqual({ code });
  // Also where a resolver has thrown it.
  expect(format(ofField(error))).toMatchObject({
    message: 'Too deep.',
    extensions: { code },
    unforeseen: [],
  });
});

test('a stack that overflows is a document too deep, and a defect where a field is executed', () => {
  const overflow = new RangeError('Maximum call stack size exceeded');
  const { message, extensions } = format(new GraphQLError('failed', { originalError: overflow }));
  expect(message).toContain('nested too deeply');
  expect(extensions).toEqual({ code: 'QUERY_TOO_COMPLEX', limit: 'depth' });
  expect(format(ofField(overflow))).toMatchObject(masked);
  expect(format(new GraphQLError('failed', { originalError: new TypeError('no') }))).toMatchObject(masked);
});

/** The first node of a kind in a document that has one of each. */
function nodeOf(kind: Kind): ASTNode {
  const document = parse(
    `query Search($where: [Where!]! = []) {
      search(a: 1, b: "x", c: [true], d: { key: RED }, e: null, f: 0.5, g: $where) { id }
    }`,
  );
  let found: ASTNode | undefined;
  visit(document, {
    enter(node) {
      if (node.kind === kind) found ??= node;
    },
  });
  if (found === undefined) throw new Error(`There is no ${kind}`);
  return found;
}

const valueKinds = [
  Kind.INT,
  Kind.STRING,
  Kind.LIST,
  Kind.BOOLEAN,
  Kind.OBJECT,
  Kind.ENUM,
  Kind.NULL,
  Kind.FLOAT,
];

test.each([
  ['Int cannot represent non-integer value: "secret"', 'does not fit the type Int.'],
  ['Expected value of type "Colour!", found "secret".', 'does not fit the type Colour!.'],
  [
    'Value "secret" does not exist in "Colour" enum. Did you mean the enum value "RED" or "REED"?',
    'does not fit its type. Did you mean the enum value "RED" or "REED"?',
  ],
  [
    'Field "secret" is not defined by type "Where". Did you mean "one", "other", or "third"?',
    'does not fit its type. Did you mean "one", "other", or "third"?',
  ],
  ['The secret is wrong. Did you mean secret?', 'does not fit its type.'],
  ['The value "secret cannot represent" is wrong.', 'does not fit its type.'],
  ['The value " Did you mean "secret"?" is wrong.', 'does not fit its type.'],
])('of a value that validation refuses, only type and suggestion remain: %s', (message, remains) => {
  const code = 'GRAPHQL_VALIDATION_FAILED';
  for (const kind of valueKinds) {
    const formatted = format(new GraphQLError(message, { nodes: nodeOf(kind), extensions: { code } }));
    expect(formatted).toMatchObject({
      message: `A value in the document ${remains}`,
      extensions: { code },
      unforeseen: [],
    });
  }
  for (const nodes of [nodeOf(Kind.FIELD), null]) {
    expect(format(new GraphQLError(message, { nodes, extensions: { code } })).message).toBe(message);
  }
});

test.each([...valueKinds, Kind.ARGUMENT, Kind.OBJECT_FIELD, Kind.VARIABLE])(
  'an argument that fails as it is executed is the client’s: %s',
  (kind) => {
    const formatted = format(new GraphQLError('a secret', { nodes: nodeOf(kind), path: ['search'] }));
    expect(formatted.message).toMatch(/^An argument does not fit its type: .{9,}\.$/);
    expect(formatted.extensions).toEqual({ code: 'BAD_USER_INPUT' });
    expect(formatted.unforeseen).toEqual([]);
  },
);

test('of a variable that does not fit, place, type and the reason of a scalar remain', () => {
  const nodes = nodeOf(Kind.VARIABLE_DEFINITION);
  const describe = (reason: string, place: string, code?: string) => {
    const originalError = new GraphQLError(reason, { extensions: { ...(code !== undefined && { code }) } });
    const message = `Variable "$where" got invalid value "secret"${place}; ${reason}`;
    return format(new GraphQLError(message, { nodes, originalError }));
  };
  const type = 'does not fit the type [Where!]!.';
  expect(describe('secret', '').message).toBe(`Variable "$where" ${type}`);
  expect(describe('secret', ' at "where[1].key"').message).toBe(`Variable "$where[1].key" ${type}`);
  expect(describe('secret', ' at "secret", or so').message).toBe(`Variable "$where" ${type}`);
  expect(describe('Not a UUID.', '', 'BAD_USER_INPUT').message).toBe(`Variable "$where" ${type} Not a UUID.`);
  expect(describe('secret. Did you mean "key"?', '').message).toBe(
    `Variable "$where" ${type} Did you mean "key"?`,
  );
  expect(describe('secret', '').extensions).toEqual({ code: 'BAD_USER_INPUT' });
  expect(describe('secret', '')).toMatchObject({ failures: [], unforeseen: [] });
});

test('of a variable that is missing, the message of graphql-js holds no value', () => {
  const nodes = nodeOf(Kind.VARIABLE_DEFINITION);
  const message = 'Variable "$where" of required type "[Where!]!" was not provided.';
  expect(format(new GraphQLError(message, { nodes }))).toMatchObject({
    message,
    extensions: { code: 'BAD_USER_INPUT' },
    unforeseen: [],
  });
  expect(format(new GraphQLError(message, { nodes, path: ['search'] }))).toMatchObject(masked);
});

test('variables with too many errors are the client’s', () => {
  const error = new GraphQLError('Too many errors processing variables, error limit reached.');
  const { message, extensions } = format(error);
  expect(message).toBe('Many more values in the variables do not fit their types.');
  expect(extensions).toEqual({ code: 'BAD_USER_INPUT' });
  expect(format(new GraphQLError('There were Too many errors processing variables'))).toMatchObject(masked);
});
