import type { Report } from './difference.ts';

/** The document cannot be compared; the message tells the user why and what to do. */
export class Uncheckable extends Error {
  override readonly name = 'Uncheckable';
}

/** A part of the document contradicts itself, or is more than this check follows. The rest can be compared. */
export class UncheckablePart extends Uncheckable {}

/**
 * Compares a part of the document, and reports it where it cannot be checked: one bad part hides no other.
 *
 * @returns whether it could be checked
 */
export function checkPart(report: Report, where: string, compare: () => void): boolean {
  try {
    compare();
    return true;
  } catch (error) {
    if (!(error instanceof UncheckablePart)) throw error;
    report('uncheckable', where, error.message);
    return false;
  }
}
