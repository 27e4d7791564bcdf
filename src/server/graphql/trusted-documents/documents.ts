/** The documents that clients may request by an id. */
export interface TrustedDocuments {
  /** Whether other documents are refused. */
  readonly isExclusive: boolean;
  /**
   * @param id as the list has it; a SHA-256 with `sha256:` before it or without
   * @returns the text of the document
   */
  find(id: string): string | undefined;
}

const prefix = 'sha256:';

/** Returns the SHA-256 that an id claims to be, undefined where the id has another form. */
export function digestOf(id: string): string | undefined {
  if (id.startsWith(prefix)) return id.slice(prefix.length);
  return /^[0-9a-f]{64}$/.test(id) ? id : undefined;
}

/**
 * Creates the lookup of trusted documents.
 *
 * @param documents the texts by their ids, a SHA-256 without its prefix
 * @param isExclusive whether other documents are refused
 */
export function createTrustedDocuments(
  documents: ReadonlyMap<string, string>,
  isExclusive: boolean,
): TrustedDocuments {
  return { isExclusive, find: (id) => documents.get(id.startsWith(prefix) ? id.slice(prefix.length) : id) };
}
