import { LRUCache } from 'lru-cache';

/** The media types of a GraphQL response. */
export type ResponseMediaType = 'application/json' | 'application/graphql-response+json';

const candidates = ['application/json', 'application/graphql-response+json'] as const;

/**
 * Returns the response's media type for an `Accept` header (RFC 9110, section 12.5.1), or undefined where the client
 * accepts neither.
 */
export type MediaTypeNegotiator = (accept: string | undefined) => ResponseMediaType | undefined;

/**
 * The most specific range decides the quality of a type. Of two types of equal quality the one whose range comes first
 * wins, and application/json where the same range decides both.
 */
function negotiateMediaType(accept: string | undefined): ResponseMediaType | undefined {
  if (accept === undefined || accept === '*/*' || accept === 'application/json') return 'application/json';
  const ranges = parseAccept(accept);
  let best: { mediaType: ResponseMediaType; quality: number; position: number } | undefined;
  for (const mediaType of candidates) {
    const type = [mediaType, 'application/*', '*/*'].find((range) =>
      ranges.some((each) => each.type === range),
    );
    const position = ranges.findIndex((range) => range.type === type);
    const quality = ranges[position]?.quality ?? 0;
    const isBetter =
      quality > (best?.quality ?? 0) || (quality === best?.quality && position < best.position);
    if (quality > 0 && isBetter) best = { mediaType, quality, position };
  }
  return best?.mediaType;
}

/** Creates a negotiator that caches the results of the last hundred `Accept` headers. */
export function createMediaTypeNegotiator(): MediaTypeNegotiator {
  const known = new LRUCache<string, ResponseMediaType>({ max: 100 });
  return (accept) => {
    if (accept === undefined || accept.length > 200) return negotiateMediaType(accept);
    let mediaType = known.get(accept);
    if (mediaType !== undefined) return mediaType;
    mediaType = negotiateMediaType(accept);
    if (mediaType !== undefined) known.set(accept, mediaType);
    return mediaType;
  };
}

/** Returns whether a `Content-Type` is JSON in UTF-8. */
export function isJsonMediaType(contentType: string | undefined): boolean {
  if (contentType === 'application/json') return true;
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';');
  return type.trim() === 'application/json' && isUtf8(parameters);
}

/** Returns whether an `Accept` header names text/html, as browsers' do and API clients' do not. */
export function acceptsHtml(accept: string | undefined): boolean {
  return parseAccept(accept ?? '').some(({ type, quality }) => type === 'text/html' && quality > 0);
}

/** Returns whether an `Accept-Encoding` header accepts gzip (RFC 9110, section 12.5.3). */
export function acceptsGzip(acceptEncoding: string | string[] | undefined): boolean {
  const codings = parseAccept(String(acceptEncoding ?? ''));
  const coding = codings.find(({ type }) => type === 'gzip') ?? codings.find(({ type }) => type === '*');
  return coding !== undefined && coding.quality > 0;
}

function parseAccept(accept: string): { type: string; quality: number }[] {
  return accept
    .toLowerCase()
    .split(',')
    .map((range) => range.split(';').map((part) => part.trim()))
    .filter(([, ...parameters]) => isUtf8(parameters))
    .map(([type = '', ...parameters]) => {
      const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      return { type, quality: quality === undefined ? 1 : Number(quality) || 0 };
    });
}

function isUtf8(parameters: readonly string[]): boolean {
  return parameters
    .map((parameter) => parameter.trim())
    .every((parameter) => !parameter.startsWith('charset=') || /^charset="?utf-?8"?$/.test(parameter));
}
