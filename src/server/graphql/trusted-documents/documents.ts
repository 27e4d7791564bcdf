/** The documents that clients may request by an id. */
export interface TrustedDocuments {
  /** Whether other documents are refused. */
  readonly isExclusive: boolean;
  /** @param id `sha256:` and 64 hexadecimal digits, or the digits alone */
  find(id: string): TrustedDocument | undefined;
}

export interface TrustedDocument {
  readonly text: string;
  /** Whether all operations are queries, so that GET is permitted. */
  readonly isReadOnly: boolean;
}

const prefix = 'sha256:';

/** Returns the SHA-256 of an id, undefined where the id has another form. */
export function digestOf(id: string): string | undefined {
  const digest = id.startsWith(prefix) ? id.slice(prefix.length) : id;
  return /^[0-9a-f]{64}$/.test(digest) ? digest : undefined;
}

/**
 * Creates the lookup of trusted documents.
 *
 * @param documents by the SHA-256 of their text
 * @param isExclusive whether other documents are refused
 */
export function createTrustedDocuments(
  documents: ReadonlyMap<string, TrustedDocument>,
  isExclusive: boolean,
): TrustedDocuments {
  return { isExclusive, find: (id) => documents.get(id.startsWith(prefix) ? id.slice(prefix.length) : id) };
}
