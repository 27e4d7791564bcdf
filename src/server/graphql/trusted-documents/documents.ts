/** The documents that clients may ask for by an id. */
export interface TrustedDocuments {
  /** Whether nothing else is executed. */
  readonly isExclusive: boolean;
  /** @param id `sha256:` and 64 hexadecimal digits, or the digits alone */
  find(id: string): TrustedDocument | undefined;
}

export interface TrustedDocument {
  readonly text: string;
  /** Whether all its operations are queries, so that GET may ask for it. */
  readonly isReadOnly: boolean;
}

const prefix = 'sha256:';

/** The SHA-256 in an id, or undefined where it holds none. */
export function digestOf(id: string): string | undefined {
  const digest = id.startsWith(prefix) ? id.slice(prefix.length) : id;
  return /^[0-9a-f]{64}$/.test(digest) ? digest : undefined;
}

/** @param documents by the SHA-256 of their text */
export function createTrustedDocuments(
  documents: ReadonlyMap<string, TrustedDocument>,
  isExclusive: boolean,
): TrustedDocuments {
  return { isExclusive, find: (id) => documents.get(id.startsWith(prefix) ? id.slice(prefix.length) : id) };
}
