import type { Report } from './difference.ts';
import type { Resolve } from './resolve-reference.ts';
import { alternativesOf } from './schema-alternatives.ts';
import type { Alternative } from './schema-alternatives.ts';
import { checkPart } from './uncheckable.ts';

/** A schema of the contract beside the document's. */
export interface SchemaPair {
  readonly contract: unknown;
  readonly document: unknown;
  readonly resolveContract: Resolve;
  readonly resolveDocument: Resolve;
  readonly where: string;
  readonly report: Report;
}

/**
 * What the API answers: everything the document allows must be something that the contract allows. Less is
 * fine, so a field may stop being null; it may not start.
 */
export function compareOutput(pair: SchemaPair): void {
  compareAlternatives(pair, compareAnswers);
}

type Compare = (pair: SchemaPair, ours: readonly Alternative[], theirs: readonly Alternative[]) => void;

/** Reports a schema that cannot be flattened instead of comparing it. */
function compareAlternatives(pair: SchemaPair, compare: Compare): void {
  checkPart(pair.report, pair.where, () => {
    const ours = alternativesOf(pair.contract, pair.resolveContract);
    compare(pair, ours, alternativesOf(pair.document, pair.resolveDocument));
  });
}

function compareAnswers(
  pair: SchemaPair,
  ours: readonly Alternative[],
  theirs: readonly Alternative[],
): void {
  const { where, report } = pair;
  const foreign = theirs.filter((their) => ours.every((our) => !includes(our, their)));
  if (foreign.length > 0) {
    report('breaking', where, `may be ${names(foreign)}, expected ${names(ours)}`);
    return;
  }
  const absent = ours.filter((our) => theirs.every((their) => !includes(our, their)));
  if (absent.length > 0) report('harmless', where, `is never ${names(absent)} any more`);

  for (const their of theirs) {
    const our = ours.find((candidate) => includes(candidate, their));
    if (our === undefined) continue;
    if (our.format !== their.format) reportOutputFormat(pair, our.format, their.format);
    if (our.type === 'object') compareProperties(pair, our, their);
    if (our.type === 'array') {
      compareOutput({ ...pair, contract: our.items, document: their.items, where: `${where}[]` });
    }
  }
}

function reportOutputFormat({ where, report }: SchemaPair, ours?: string, theirs?: string): void {
  if (ours === undefined) report('harmless', where, `has the format ${theirs}`);
  else if (theirs === undefined) report('breaking', where, `no longer has the format ${ours}`);
  else report('breaking', where, `has the format ${theirs}, expected ${ours}`);
}

function compareProperties(pair: SchemaPair, ours: Alternative, theirs: Alternative): void {
  const { report, where: parent } = pair;
  const at = (name: string) => `${parent}.${name}`;
  for (const [name, contract] of Object.entries(ours.properties)) {
    const where = at(name);
    if (!Object.hasOwn(theirs.properties, name)) {
      if (!theirs.required.includes(name)) report('breaking', where, 'is gone');
      continue;
    }
    if (ours.required.includes(name) && !theirs.required.includes(name)) {
      report('breaking', where, 'may be missing, expected always');
    }
    compareOutput({ ...pair, contract, document: theirs.properties[name], where });
  }
  for (const name of Object.keys(theirs.properties)) {
    if (!Object.hasOwn(ours.properties, name)) report('harmless', at(name), 'is a new field');
  }
  for (const name of new Set(theirs.required)) {
    if (!Object.hasOwn(theirs.properties, name))
      report('uncheckable', at(name), 'is required, but declared nowhere');
  }
}

/** What the gateway sends: everything the contract allows must be something that the document allows. */
export function compareInput(pair: SchemaPair): void {
  compareAlternatives(pair, compareSent);
}

function compareSent(
  { where, report }: SchemaPair,
  ours: readonly Alternative[],
  theirs: readonly Alternative[],
): void {
  for (const our of ours) {
    const candidates = theirs.filter((their) => includes(their, our));
    const objections = candidates.map((their) => objectionsTo(our, their));
    if (candidates.length === 0)
      report('breaking', where, `takes ${names(theirs)}, and ${names([our])} is sent`);
    // One alternative that takes what is sent is enough.
    else if (objections.every((list) => list.length > 0)) {
      for (const objection of objections[0] ?? []) report('breaking', where, objection);
    }
  }
}

function objectionsTo(sent: Alternative, taken: Alternative): readonly string[] {
  const format =
    taken.format === undefined || taken.format === sent.format
      ? []
      : [`must have the format ${taken.format}`];
  const limits = Object.entries(taken.limits)
    .filter(([keyword, value]) => JSON.stringify(sent.limits[keyword]) !== JSON.stringify(value))
    .map(([keyword, value]) => `is limited by ${keyword} ${JSON.stringify(value)}`);
  return [...format, ...limits];
}

/** Whether the type of the second is one of the first's. */
function includes({ type }: Alternative, other: Alternative): boolean {
  return type === 'any' || type === other.type || (type === 'number' && other.type === 'integer');
}

function names(alternatives: readonly Alternative[]): string {
  return [...new Set(alternatives.map(({ type }) => (type === 'any' ? 'anything' : type)))].join(' or ');
}
