import { createHash, createHmac } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/**
 * Returns the fingerprint of an API key: it may be stored longer than a request, because the key cannot be derived from
 * it. Returns undefined for a malformed key, and stores nothing of it.
 */
export type Fingerprint = (apiKey: string) => string | undefined;

interface FingerprintOptions {
  readonly service: string;
  readonly baseUrl: string;
  readonly pattern: RegExp;
}

/** The most fingerprints in memory: an HMAC costs more than the rest of a cached read. */
const maxRemembered = 10_000;

/**
 * HMAC-SHA-256 with the API key as its key: the same on every replica without a secret of its own, and as
 * hard to invert as the API key is to guess. Two upstreams that share a Redis, such as staging's and
 * production's, have different fingerprints for one key.
 *
 * @param pattern what a credential looks like
 */
export function createFingerprint({ service, baseUrl, pattern }: FingerprintOptions): Fingerprint {
  const purpose = `${service} credential ${normalise(baseUrl)}`;
  const remembered = new LRUCache<string, string>({ max: maxRemembered });
  return (apiKey) => {
    let fingerprint = remembered.get(apiKey);
    if (fingerprint === undefined && pattern.test(apiKey)) {
      fingerprint = createHmac('sha256', apiKey).update(purpose).digest('base64url');
      remembered.set(apiKey, fingerprint);
    }
    return fingerprint;
  };
}

/** A stand-in for a service at its base URL, the same on every replica: what tells its resources from another one's. */
export function createScope(service: string, baseUrl: string): string {
  return createHash('sha256')
    .update(`${service} ${normalise(baseUrl)}`)
    .digest('base64url')
    .slice(0, 22);
}

function normalise(baseUrl: string): string {
  return new URL(baseUrl).href.replace(/\/$/, '');
}
