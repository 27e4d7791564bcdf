import { sample } from 'openapi-sampler';
import { isObject } from '../src/shared/is-object.ts';
import type { Document } from './document.ts';
import { Uncheckable } from './report.ts';

/** A place of a body, and another value for it. */
export interface Change {
  readonly path: readonly string[];
  /** Undefined leaves the field out. */
  readonly value: unknown;
}

export const sampleId = 'c3f0a2de-8d4b-4d29-9a51-6c8f3b7d10e4';

/** A value of each JSON type and of the formats that differ from what openapi-sampler makes. */
const palette: readonly unknown[] = [
  'Some text',
  '',
  '2026-11-07T05:31:56.123456+00:00',
  '2026-11-07T05:31:56',
  '2026-11-07',
  sampleId,
  7,
  7.5,
  true,
  {},
  [],
  null,
];

const maxAlternatives = 8;

/**
 * Bodies that a schema allows, with every field: one for the first alternatives of all `anyOf`, `oneOf`, `type` and
 * `enum`, one for the second ones, and so on.
 *
 * @throws {Uncheckable} where none can be made
 */
export function samplesOf(schema: unknown, { root, compile }: Document): readonly unknown[] {
  const allows = compile(schema);
  const bodies = Array.from({ length: maxAlternatives }, (_body, turn) => {
    const [turned, document] = JSON.parse(JSON.stringify([schema, root]), (key, value: unknown) =>
      Array.isArray(value) && ['anyOf', 'oneOf', 'type', 'enum'].includes(key)
        ? value.map((_value, index): unknown => value[(index + turn) % value.length])
        : value,
    ) as [object, object];
    return sample(turned, { quiet: true, enablePatterns: true }, document);
  });
  const allowed = new Map(bodies.filter(allows).map((body) => [JSON.stringify(body), body]));
  if (allowed.size === 0) throw new Uncheckable('no sample of its schema can be made: compare it by hand');
  return [...allowed.values()];
}

/** What may be in the place of each value of the body, itself first; inner places come first. */
export function changesOf(body: unknown, values: readonly unknown[]): readonly Change[] {
  return placesIn(body).flatMap(([path, value]) => {
    const twice = Array.isArray(value) ? [[...value, ...value]] : [];
    const absent = path.length > 0 ? [undefined] : [];
    // An object without all its fields is another value in many places.
    const others = palette.filter((other) => !isObject(other) || !isObject(value));
    return [value, ...values, ...others, ...twice, ...absent].map((other) => ({ path, value: other }));
  });
}

/** The paths of a body with their values. */
export function placesIn(
  value: unknown,
  path: readonly string[] = [],
): readonly (readonly [path: readonly string[], value: unknown])[] {
  const inside = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return [...inside.flatMap(([name, child]) => placesIn(child, [...path, name])), [path, value]];
}

/** Puts the change into a copy of the body. */
export function apply(body: unknown, { path: [first, ...path], value }: Change): unknown {
  if (first === undefined) return value;
  const next = apply(Reflect.get(Object(body), first), { path, value });
  if (Array.isArray(body)) return body.toSpliced(Number(first), 1, ...(next === undefined ? [] : [next]));
  const { [first]: _, ...others } = isObject(body) ? body : {};
  return next === undefined ? others : { ...others, [first]: next };
}

/** A path as messages write it: `[].created_at`. */
export function showPath(path: readonly string[]): string {
  return path.map((name) => (/^\d+$/.test(name) ? '[]' : `.${name}`)).join('');
}

/** A value as messages write it. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
