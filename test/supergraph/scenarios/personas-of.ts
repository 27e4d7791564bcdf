/** The personas of `{ calls { persona } }`. */
export function personasOf({ data }: { readonly data?: unknown }): (Record<string, unknown> | null)[] {
  const { calls } = data as { calls: { persona: Record<string, unknown> | null }[] };
  return calls.map(({ persona }) => persona);
}
