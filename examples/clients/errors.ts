/** An error of the gateway, as all clients pass it on. */
export interface GatewayError {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions?: { readonly [name: string]: unknown } | undefined;
}

const maxAttempts = 5;

/**
 * How long to wait before a read is sent again, in milliseconds; undefined where that is of no use. Writes are never
 * sent again: `extensions.outcome` says whether they may have been done.
 *
 * @param attempt the number of the one that failed, from 1
 */
export function retryDelayMs(errors: readonly GatewayError[], attempt: number): number | undefined {
  const retryable = errors.filter(({ extensions }) => extensions?.['retryable'] === true);
  if (retryable.length === 0 || attempt >= maxAttempts) return undefined;
  const backoffMs = 500 * 2 ** attempt;
  return Math.max(
    ...retryable.map(({ extensions }) => {
      const retryAfterMs = extensions?.['retryAfterMs'];
      return typeof retryAfterMs === 'number' ? retryAfterMs : backoffMs;
    }),
  );
}
