/** The document cannot be compared; the message tells the user why and what to do. */
export class Uncheckable extends Error {
  override readonly name = 'Uncheckable';
}
