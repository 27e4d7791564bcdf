/** An error of the gateway, as all clients pass it on. */
export interface GatewayError {
  readonly message: string;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions?: { readonly [name: string]: unknown } | undefined;
}

const maxAttempts = 5;

/**
 * How long to wait before a read is sent again, in milliseconds; undefined where a retry is of no use. The rule is that of
 * `isRetryable` in `bluejay-graphql/errors`: every error is retryable. Writes are never sent again.
 *
 * @param attempt the number of the one that failed, from 1
 */
export function retryDelayMs(errors: readonly GatewayError[], attempt: number): number | undefined {
  const isRetryable =
    errors.length > 0 && errors.every(({ extensions }) => extensions?.['retryable'] === true);
  if (!isRetryable || attempt >= maxAttempts) return undefined;
  const backoffMs = 500 * 2 ** attempt;
  return Math.max(
    ...errors.map(({ extensions }) => {
      const retryAfterMs = extensions?.['retryAfterMs'];
      return typeof retryAfterMs === 'number' ? retryAfterMs : backoffMs;
    }),
  );
}
