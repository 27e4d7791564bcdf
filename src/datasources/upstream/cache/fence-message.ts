import * as v from 'valibot';

/** The longest that any fence stands, in milliseconds. */
export const maxHoldMs = 1_200_000;

const messageSchema = v.object({
  scope: v.string(),
  writeId: v.pipe(v.string(), v.maxLength(100)),
  names: v.pipe(v.array(v.pipe(v.string(), v.maxLength(1_000))), v.maxLength(100)),
  /** 0: the write has ended. */
  holdMs: v.pipe(v.number(), v.minValue(0), v.maxValue(maxHoldMs)),
});

/** What processes tell each other of fences: see `Fences`. */
export type FenceMessage = v.InferOutput<typeof messageSchema>;

/** Undefined for anything else. */
export function parseFenceMessage(message: unknown): FenceMessage | undefined {
  const result = v.safeParse(messageSchema, message);
  return result.success ? result.output : undefined;
}

/** Where replicas tell each other of fences in a shared store. */
export function channelOf({
  keyPrefix,
  scope,
}: {
  readonly keyPrefix: string;
  readonly scope: string;
}): string {
  return `${keyPrefix}${scope}:writes`;
}
