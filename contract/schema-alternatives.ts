import { isObject } from '../src/shared/is-object.ts';
import type { Resolve } from './resolve-reference.ts';
import { UncheckablePart } from './uncheckable.ts';

/** One way of being valid: a value of one JSON type, with what is known of its inside. */
export interface Alternative {
  /** JSON Schema's name of the type, or `any`. */
  readonly type: string;
  readonly format: string | undefined;
  /** The keywords that let only some values of the type through, with their values. */
  readonly limits: Readonly<Record<string, unknown>>;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly required: readonly string[];
  /** The schema of an array's items; undefined lets everything through. */
  readonly items: unknown;
}

type Schema = Readonly<Record<string, unknown>>;

const limitKeywords = [
  'enum',
  'const',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
];

const knownTypes = new Set(['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']);
const formatted = new Set(['string', 'integer', 'number']);

/**
 * A schema as a flat list of alternatives. `anyOf: [x, null]`, `type: [x, "null"]` and OpenAPI 3.0's
 * `nullable` come out the same; references and `allOf` are resolved. What is inside objects and arrays is not
 * looked at, so recursive schemas are no trouble.
 *
 * @throws {UncheckablePart} for a combination of keywords that cannot be flattened
 */
export function alternativesOf(schema: unknown, resolve: Resolve): readonly Alternative[] {
  return flatten(schema, resolve, []);
}

/** @param followed the references on the way here */
function flatten(schema: unknown, resolve: Resolve, followed: readonly unknown[]): readonly Alternative[] {
  if (schema === undefined || schema === true) return [alternative('any', {})];
  if (!isObject(schema)) throw notAnObject(schema);

  const { $ref, allOf, anyOf, oneOf, ...own } = schema;
  if (followed.includes($ref)) throw new UncheckablePart(`consists of itself: ${String($ref)}`);
  const path = $ref === undefined ? followed : [...followed, $ref];
  const parts = [...($ref === undefined ? [] : [resolve({ $ref })]), ...listOf(allOf)];
  if (parts.length > 0) {
    const rest = [
      own,
      ...(anyOf === undefined ? [] : [{ anyOf }]),
      ...(oneOf === undefined ? [] : [{ oneOf }]),
    ];
    return flatten([...parts, ...rest].reduce<Schema>(merge, {}), resolve, path);
  }
  const choices = anyOf ?? oneOf;
  if (choices !== undefined) {
    if (anyOf !== undefined && oneOf !== undefined) throw combined('anyOf and oneOf');
    // FastAPI repeats beside the choices what is no restriction: title, description, default.
    const { nullable, ...base } = own;
    const members = listOf(choices).flatMap((choice) => flatten(merge(base, choice), resolve, path));
    return nullable === true ? [...members, alternative('null', {})] : members;
  }
  return typesOf(own).map((type) => alternative(type, own));
}

/** Both at once: the properties of both, what either demands. */
function merge(left: Schema, right: unknown): Schema {
  if (right === true) return left;
  if (!isObject(right)) throw notAnObject(right);
  for (const keyword of ['$ref', 'allOf', 'anyOf', 'oneOf', 'type', 'format', 'items']) {
    const [ours, theirs] = [left[keyword], right[keyword]];
    if (ours !== undefined && theirs !== undefined && JSON.stringify(ours) !== JSON.stringify(theirs)) {
      throw combined(`two different ${keyword}`);
    }
  }
  return {
    ...left,
    ...right,
    properties: { ...objectOf(left['properties']), ...objectOf(right['properties']) },
    required: [...listOf(left['required']), ...listOf(right['required'])],
  };
}

function notAnObject(schema: unknown): UncheckablePart {
  return new UncheckablePart(`has a schema that is ${JSON.stringify(schema)}, not an object`);
}

function combined(what: string): UncheckablePart {
  return new UncheckablePart(`combines ${what}, which this check cannot follow: compare it by hand`);
}

function typesOf(schema: Schema): readonly string[] {
  const { type, nullable, enum: values, const: value, properties, items } = schema;
  const types = listOf(type).map((name) => (typeof name === 'string' ? name : JSON.stringify(name)));
  const unknown = types.find((name) => !knownTypes.has(name));
  if (unknown !== undefined) throw new UncheckablePart(`has the type ${unknown}, which JSON Schema lacks`);
  if (types.length > 0) return nullable === true ? [...types, 'null'] : types;
  if (Array.isArray(values)) return [...new Set(values.map(typeOf))];
  if (value !== undefined) return [typeOf(value)];
  if (Object.keys(objectOf(properties)).length > 0) return ['object'];
  return items === undefined ? ['any'] : ['array'];
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

function alternative(type: string, schema: Schema): Alternative {
  const { format, properties, required, items } = schema;
  return {
    type,
    // A format says nothing about the null beside the string that it is meant for.
    format: typeof format === 'string' && formatted.has(type) ? format : undefined,
    limits: Object.fromEntries(
      limitKeywords
        .filter((keyword) => schema[keyword] !== undefined)
        .map((keyword) => [keyword, schema[keyword]]),
    ),
    properties: objectOf(properties),
    required: listOf(required).filter((name) => typeof name === 'string'),
    items,
  };
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function objectOf(value: unknown): Schema {
  return isObject(value) ? value : {};
}
