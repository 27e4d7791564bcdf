/** The media types of a GraphQL response, the preferred one last where a client has no preference. */
export type ResponseMediaType = 'application/json' | 'application/graphql-response+json';

const candidates = ['application/json', 'application/graphql-response+json'] as const;

/**
 * The response's media type for an `Accept` header (RFC 9110, section 12.5.1), or undefined when the
 * client takes neither. Without a header, and where both are as welcome, it is the one that is named
 * first, or application/json.
 */
export function negotiateMediaType(accept: string | undefined): ResponseMediaType | undefined {
  if (accept === undefined || accept === '*/*' || accept === 'application/json') return 'application/json';
  let best: { mediaType: ResponseMediaType; quality: number } | undefined;
  for (const range of parseAccept(accept)) {
    const mediaType = candidates.find((candidate) => matches(range.type, candidate));
    if (mediaType === undefined || range.quality <= (best?.quality ?? 0)) continue;
    best = { mediaType, quality: range.quality };
  }
  return best?.mediaType;
}

/** Whether a `Content-Type` header says JSON in UTF-8. */
export function isJsonMediaType(contentType: string | undefined): boolean {
  if (contentType === 'application/json') return true;
  const [type = '', ...parameters] = (contentType ?? '').toLowerCase().split(';');
  return type.trim() === 'application/json' && isUtf8(parameters);
}

/** Whether a browser is asking for a page: it names text/html, API clients do not. */
export function acceptsHtml(accept: string | undefined): boolean {
  return parseAccept(accept ?? '').some(({ type, quality }) => type === 'text/html' && quality > 0);
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

function matches(range: string, mediaType: string): boolean {
  return range === mediaType || range === '*/*' || range === 'application/*';
}
