import * as v from 'valibot';
import { integerVariable, onOff, oneOf } from './variable.ts';
import type { UpstreamConfig } from './upstream.ts';
import type { ValuesOf, Variable } from './variable.ts';

/** The limits of a document; an error's `limit` is the name of one. */
export interface OperationLimits {
  /** Lexical tokens. The limit holds for comments, too, and a hundred times of it for characters. */
  readonly tokens: number;
  /** How deep fields and values are nested. */
  readonly depth: number;
  /** Fields, those of a fragment at each of its spreads. */
  readonly fields: number;
  /** Fields of the operation type with different response names. */
  readonly rootFields: number;
  /** Fields that repeat the response name of a sibling. */
  readonly duplicates: number;
  readonly aliases: number;
  readonly directives: number;
  /** Inline fragments, and spreads of named ones. */
  readonly fragments: number;
}

export interface TrustedDocumentsConfig {
  /** The path of a JSON file of ids and documents, as GraphQL Code Generator, Relay's compiler or Apollo's tool writes it. */
  readonly path: string;
  /** `only` refuses other documents, `prefer` executes them, too. */
  readonly mode: 'prefer' | 'only';
}

/** Which operations are executed, and how large they and their answers may be. */
export interface OperationsConfig {
  readonly limits: OperationLimits;
  /** Undefined turns trusted documents off. */
  readonly trustedDocuments: TrustedDocumentsConfig | undefined;
  /** The most representations that one request may have for `_entities`, and the most ids for `personas`. */
  readonly maxRepresentations: number;
  /** The most bytes that the body of an answer may have. */
  readonly maxResponseBytes: number;
  /** Whether the schema has a `Mutation`. */
  readonly writes: boolean;
  /** The router's secrets, two during a rotation. Without any, every client may send GraphQL requests. */
  readonly routerSecrets: readonly string[];
}

const routerSecrets = v.pipe(
  v.string(),
  v.transform((value) => (value === '' ? [] : value.split(','))),
  v.check(
    (secrets) => secrets.length <= 2 && secrets.every((secret) => /^[\x21-\x7e]{16,256}$/.test(secret)),
    'expected 16 to 256 visible ASCII characters without a comma, or two such secrets with a comma between',
  ),
);

export const accessVariables = {
  ROUTER_SECRET: {
    option: 'routerSecrets',
    schema: v.optional(routerSecrets, ''),
    default: '',
    description:
      'Requires this secret in the header `router-authorization` of every GraphQL request: 16 to 256 visible ASCII characters without a comma. For a rotation, two secrets separated by a comma.',
  },
  WRITES: {
    option: 'writes',
    schema: v.optional(onOff),
    default: '`true` with `BLUEJAY_AUTH=forward` or a `ROUTER_SECRET`, else `false`',
    description:
      'Whether the schema has mutations. With `BLUEJAY_AUTH=service` anybody who reaches the gateway then writes with its key.',
  },
} as const satisfies Record<string, Variable>;

export const limitsVariables = {
  MAX_REPRESENTATIONS: integerVariable(
    'maxRepresentations',
    1,
    100_000,
    1_000,
    'The largest number of entities (`_entities`) or ids (`personas`) in one request.',
  ),
  MAX_RESPONSE_BYTES: integerVariable(
    'maxResponseBytes',
    1_024,
    67_108_864,
    16_777_216,
    'The largest answer to a GraphQL request.',
  ),
  MAX_TOKENS: integerVariable(
    'limits.tokens',
    1,
    100_000,
    1_000,
    'The largest number of lexical tokens in a document.',
  ),
  MAX_DEPTH: integerVariable('limits.depth', 1, 1_000, 20, 'How deep fields and input values may be nested.'),
  MAX_FIELDS: integerVariable(
    'limits.fields',
    1,
    100_000,
    500,
    'The largest number of fields in an operation. The fields of a fragment count each time it is used.',
  ),
  MAX_ROOT_FIELDS: integerVariable(
    'limits.rootFields',
    1,
    100_000,
    50,
    'The largest number of different fields of `Query` in an operation. For `Mutation` the limit is always 10.',
  ),
  MAX_DUPLICATES: integerVariable(
    'limits.duplicates',
    0,
    100_000,
    100,
    'The largest number of fields that repeat the name and alias of a sibling.',
  ),
  MAX_ALIASES: integerVariable(
    'limits.aliases',
    0,
    100_000,
    50,
    'The largest number of aliases in an operation.',
  ),
  MAX_DIRECTIVES: integerVariable(
    'limits.directives',
    0,
    100_000,
    50,
    'The largest number of directives in an operation.',
  ),
  MAX_FRAGMENTS: integerVariable(
    'limits.fragments',
    0,
    100_000,
    100,
    'The largest number of fragments in an operation, counted each time one is used.',
  ),
} as const satisfies Record<string, Variable>;

export const trustedDocumentsVariables = {
  TRUSTED_DOCUMENTS: {
    option: 'trustedDocuments.path',
    schema: v.optional(v.string()),
    default: '',
    description:
      'A JSON file of documents by id, as GraphQL Code Generator, Relay or Apollo write it. Clients then send `documentId`.',
  },
  TRUSTED_DOCUMENTS_MODE: {
    option: 'trustedDocuments.mode',
    schema: v.optional(oneOf(['off', 'prefer', 'only'])),
    default: '`only` with a file, else `off`',
    description:
      '`only`: executes the documents of the file and no others. `prefer`: executes any document. `off`: ignores the file.',
  },
} as const satisfies Record<string, Variable>;

type Values = ValuesOf<typeof accessVariables & typeof limitsVariables & typeof trustedDocumentsVariables>;

/**
 * Returns the problems across the variables of operations.
 *
 * @param values the variables that are right by themselves
 */
export function findOperationsProblems(values: Partial<Values>): readonly string[] {
  const { TRUSTED_DOCUMENTS_MODE: mode = 'off', TRUSTED_DOCUMENTS: path } = values;
  if (mode === 'off' || path !== undefined) return [];
  return [`TRUSTED_DOCUMENTS: required when TRUSTED_DOCUMENTS_MODE is ${mode}`];
}

/** Whether there are mutations by default: callers write with their own keys, or the router decides for its clients. */
export function writesByDefault(
  upstream: UpstreamConfig,
  secrets: OperationsConfig['routerSecrets'],
): boolean {
  return secrets.length > 0 || (upstream.kind === 'bluejay' && upstream.auth.mode === 'forward');
}

/** Resolves the limits, trusted documents, router secrets and whether there are mutations. */
export function resolveOperations(values: Values, upstream: UpstreamConfig): OperationsConfig {
  const { ROUTER_SECRET: secrets } = values;
  return {
    writes: values.WRITES ?? writesByDefault(upstream, secrets),
    limits: {
      tokens: values.MAX_TOKENS,
      depth: values.MAX_DEPTH,
      fields: values.MAX_FIELDS,
      rootFields: values.MAX_ROOT_FIELDS,
      duplicates: values.MAX_DUPLICATES,
      aliases: values.MAX_ALIASES,
      directives: values.MAX_DIRECTIVES,
      fragments: values.MAX_FRAGMENTS,
    },
    trustedDocuments: resolveTrustedDocuments(values),
    maxRepresentations: values.MAX_REPRESENTATIONS,
    maxResponseBytes: values.MAX_RESPONSE_BYTES,
    routerSecrets: secrets,
  };
}

function resolveTrustedDocuments(values: Values): TrustedDocumentsConfig | undefined {
  const { TRUSTED_DOCUMENTS: path, TRUSTED_DOCUMENTS_MODE: mode = 'only' } = values;
  return path === undefined || mode === 'off' ? undefined : { path, mode };
}
