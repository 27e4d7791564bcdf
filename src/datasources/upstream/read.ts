import type { CacheEntry } from './cache/entry.ts';
import { createCall } from './call.ts';
import type { Answer, CallOptions } from './call.ts';
import { BluejayError } from './errors.ts';
import type { Decoded } from './json.ts';
import { createPathCheck } from './path-check.ts';
import type { Presence } from './path-check.ts';
import type { Chain } from './resilience/chain.ts';
import type { CallContext } from './resilience/coalesce.ts';

export interface ReadOptions<Value> extends CallOptions<Value> {
  readonly chain: Chain;
  /** The path with a parameter that the service refuses before it looks for anything. */
  readonly malformedPath: string;
}

interface ReadRequest<Value> {
  /** See `Transport`. */
  readonly path: string;
  readonly apiKey: string;
  /** The fingerprint of the API key. */
  readonly tenant: string;
  /** What is kept, and may be confirmed. */
  readonly previous?: CacheEntry | undefined;
  readonly decode: (body: string) => Decoded<Value>;
}

/**
 * One read of Bluejay's, sent as often as it needs to be: through the resilience chain, and with a second question where
 * a 404 does not say what is missing.
 *
 * @throws {BluejayError} every kind
 * @throws the context's reason once its signal is aborted
 */
export type Read<Value> = (request: ReadRequest<Value>, context: CallContext) => Promise<Answer<Value>>;

export function createRead<Value>(options: ReadOptions<Value>): Read<Value> {
  const { chain, operation, malformedPath, absent, now } = options;
  const call = createCall<Value>(options);
  const pathCheck = createPathCheck({ operation, now });

  function send(request: ReadRequest<Value>, context: CallContext) {
    const { path, apiKey, tenant, previous, decode } = request;
    return chain(tenant, context, (signal, attempt) =>
      call({ path, apiKey, signal, attempt, observer: context.observer, previous, decode }),
    );
  }

  /** Whether the service has the path: it then refuses the parameter, and is silent of the path. */
  async function askForPath({ apiKey, tenant }: ReadRequest<Value>, context: CallContext): Promise<Presence> {
    try {
      const { kind } = await send({ path: malformedPath, apiKey, tenant, decode: unexpected }, context);
      return kind === 'unclear' ? 'missing' : 'present';
    } catch (error) {
      const presence = error instanceof BluejayError ? presenceIn(error) : undefined;
      if (presence === undefined) throw error;
      return presence;
    }
  }

  return async (request, context) => {
    const answer = await send(request, context);
    if (answer.kind !== 'unclear') {
      pathCheck.confirm();
      return answer;
    }
    const { tenant, previous } = request;
    const isKnown = (previous?.persona ?? null) !== null;
    await pathCheck.require(tenant, isKnown, context, (shared) => askForPath(request, shared));
    return { ...answer, kind: 'full', value: absent };
  };
}

/** A malformed parameter has no value. */
const unexpected = () => ({ ok: false, reason: 'wrong_shape' }) as const;

/** What a refusal of the malformed parameter says of the path; undefined where nothing can be told from it. */
function presenceIn({ failure, upstream }: BluejayError): Presence | undefined {
  // Whatever its body: a proxy may have replaced it.
  if (upstream?.status === 422) return 'present';
  switch (failure.kind) {
    case 'unauthenticated':
    case 'forbidden':
      return 'refused';
    case 'unexpected_status':
      if (failure.status >= 500) return undefined;
      return failure.status === 404 ? 'missing' : 'present';
    case 'invalid_response':
      return upstream?.status === undefined ? undefined : 'missing';
    default:
      return undefined;
  }
}
