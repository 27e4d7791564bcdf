import { isDeepStrictEqual } from 'node:util';
import { UpstreamError } from '../src/datasources/upstream/errors.ts';
import type { Decoded } from '../src/datasources/upstream/json.ts';
import type { Kind, Report } from './report.ts';
import { apply, changesOf, placesIn, show, showPath } from './samples.ts';
import type { Change } from './samples.ts';

interface Answer {
  /** See `samplesOf`. */
  readonly samples: readonly unknown[];
  /** Whether the published schema allows a body. */
  readonly allows: (body: unknown) => boolean;
  readonly decode: (json: unknown) => Decoded<unknown>;
  /** What was asked for: the answer may have to repeat it. */
  readonly asked: readonly unknown[];
}

/**
 * Feeds a decoder what the published schema allows. Reports values that the decoder refuses or takes for null, fields
 * that it reads although nothing declares them, and fields that it does not read.
 */
export function checkAnswer({ samples, allows, decode, asked }: Answer, report: Report): void {
  const reads = new Set<string>();
  const fields = new Set<string>();
  const faults: { where: string; value: string; fault: string; kind: Kind }[] = [];
  for (const sample of samples) {
    for (const [path] of placesIn(sample)) fields.add(showPath(path));
    const { base, mended } = mend(sample, decode, asked);
    const isBlurred = ({ path }: Change) =>
      mended.some((other) => isInside(path, other) || isInside(other, path));
    const whole: readonly Change[] = [{ path: [], value: sample }];
    for (const change of faultIn(decode(base)) === undefined ? changesOf(sample, asked) : whole) {
      if (isBlurred(change) || !allows(apply(sample, change))) continue;
      const body = apply(base, change);
      decode(recordReads(body, '', reads));
      const decoded = decode(body);
      const withNull = decode(apply(base, { ...change, value: null }));
      // The base tells it from a field that is not read.
      const isLost = isDeepStrictEqual(decoded, withNull) && !isDeepStrictEqual(decode(base), withNull);
      const isValue = typeof change.value !== 'object' && change.value !== undefined;
      const { fault } = faultIn(decoded) ?? { fault: isValue && isLost ? 'taken for null' : undefined };
      // A sample need not know which id was asked for.
      if (fault === undefined || fault === 'other_id') continue;
      // FastAPI's documents call fields optional that are always there.
      const isDoubtful = change.path.length > 0 && (change.value ?? null) === null;
      const kind = fault === leftOut ? 'harmless' : isDoubtful ? 'warning' : 'breaking';
      faults.push({ where: showPath(change.path), value: show(change.value), fault, kind });
    }
  }
  for (const [first, ...others] of Map.groupBy(faults, ({ where, kind }) => `${kind} ${where}`).values()) {
    if (first === undefined) continue;
    const values = new Set([first, ...others].map(({ value, fault }) => `${value} (${fault})`));
    report(first.kind, first.where, `may be ${[...values].slice(0, 3).join(', ')}`);
  }
  for (const read of reads) {
    if (!fields.has(read)) report('breaking', read, 'is gone, and the gateway reads it');
  }
  for (const field of fields) {
    const parent = field.replace(/\.[^.]*$/, '').replace(/(\[\])+$/, '');
    const isNew = field.includes('.') && !field.endsWith(']') && !reads.has(field);
    if (isNew && (reads.has(parent) || !parent.includes('.'))) report('harmless', field, 'is a new field');
  }
}

/** The item of a list that nobody can use, such as one without an id. */
const leftOut = 'left out of the list';

/**
 * Replaces the values that the decoder does not take, whatever the schema says: a value can be judged only where the
 * others are in order.
 */
function mend(sample: unknown, decode: Answer['decode'], asked: readonly unknown[]) {
  const mended: (readonly string[])[] = [];
  let base = sample;
  for (;;) {
    const count = faultIn(decode(base))?.count ?? 0;
    const better = changesOf(base, asked).find(
      (change) => change.path.length > 0 && (faultIn(decode(apply(base, change)))?.count ?? 0) < count,
    );
    if (better === undefined) return { base, mended };
    mended.push(better.path);
    base = apply(base, better);
  }
}

/** What a decoder does to a body, or to how many values in it, instead of passing them on. */
function faultIn(decoded: Decoded<unknown>): { readonly fault: string; readonly count: number } | undefined {
  if (!decoded.ok) return { fault: decoded.reason, count: Number.POSITIVE_INFINITY };
  const errors = placesIn(decoded.value).flatMap(([, value]) =>
    value instanceof UpstreamError ? [value.message] : [],
  );
  const faults = [...errors, ...Array.from({ length: decoded.dropped ?? 0 }, () => leftOut)];
  return faults[0] === undefined ? undefined : { fault: faults[0], count: faults.length };
}

function isInside(path: readonly string[], outer: readonly string[]): boolean {
  return path.length > outer.length && outer.every((name, index) => name === path[index]);
}

/** The body; adds the places of the fields that are read in it to `reads`. */
function recordReads(value: unknown, where: string, reads: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const record = (name: string | symbol) => {
    if (Array.isArray(value)) return `${where}[]`;
    const place = `${where}.${String(name)}`;
    if (typeof name === 'string' && !(name in Object.prototype)) reads.add(place);
    return place;
  };
  return new Proxy(value, {
    has: (target, name) => record(name) !== '' && Reflect.has(target, name),
    get: (target, name) => recordReads(Reflect.get(target, name), record(name), reads),
  });
}
