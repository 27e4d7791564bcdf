import { createCall } from './call.ts';
import type { Answer, CallOptions, CallRequest, UnclearAnswer } from './call.ts';
import { UpstreamError } from './errors.ts';
import { createPathCheck } from './path-check.ts';
import type { Presence } from './path-check.ts';
import type { Chain } from './resilience/chain.ts';
import type { CallContext } from './resilience/coalesce.ts';

export interface ResilientCallOptions<Input, Value> extends CallOptions<Input, Value> {
  readonly chain: Chain;
}

interface ResilientCallRequest<Input, Value> extends CallRequest<Input, Value> {
  /** The fingerprint of the API key. */
  readonly tenant: string;
}

/**
 * Sends a call through the resilience chain. Where a 404 does not say what is missing, asks the service whether it has
 * the path.
 *
 * @throws {UpstreamError} every kind
 * @throws the context's reason once its signal is aborted
 */
export type ResilientCall<Input, Value> = (
  request: ResilientCallRequest<Input, Value>,
  context: CallContext,
) => Promise<Answer<Value>>;

/** Creates the resilient call of an endpoint. */
export function createResilientCall<Input extends object, Value>(
  options: ResilientCallOptions<Input, Value>,
): ResilientCall<Input, Value> {
  const { chain, service, title, endpoint, errorDialect, now } = options;
  const { operation, absent, malformed } = endpoint;
  const call = createCall(options);
  const pathCheck = createPathCheck({ service, operation, title, now });

  function send(request: ResilientCallRequest<Input, Value>, context: CallContext) {
    return chain(request.tenant, context, (_signal, attempt) => call(request, context, attempt));
  }

  /** Asks whether the service has the path, by malformed input: where it has, it refuses the input and not the path. */
  async function askForPath(
    { apiKey, tenant }: ResilientCallRequest<Input, Value>,
    input: Input,
    context: CallContext,
  ): Promise<Presence> {
    try {
      const { kind } = await send({ input, apiKey, tenant }, context);
      return kind === 'unclear' ? 'missing' : 'present';
    } catch (error) {
      const presence = error instanceof UpstreamError ? presenceIn(error, errorDialect.statuses) : undefined;
      if (presence === undefined) throw error;
      return presence;
    }
  }

  async function resolveUnclear(
    request: ResilientCallRequest<Input, Value>,
    answer: UnclearAnswer,
    context: CallContext,
  ): Promise<Answer<Value>> {
    // Only an endpoint with `absent` has unclear answers.
    if (absent === undefined) throw new Error(`${operation} has nothing to be absent`);
    if (malformed !== undefined) {
      const { tenant, previous } = request;
      const isKnown = previous?.isAbsent === false;
      await pathCheck.require(tenant, isKnown, context, (shared) => askForPath(request, malformed, shared));
    }
    return { ...answer, kind: 'full', value: absent.value, isAbsent: true };
  }

  // Not async: an error that passes through an async function is thrown once more, which takes microseconds.
  return (request, context) =>
    send(request, context).then((answer) => {
      if (answer.kind === 'unclear') return resolveUnclear(request, answer, context);
      pathCheck.confirm();
      return answer;
    });
}

/** Derives from a refusal of the malformed input whether the path exists; undefined where it does not show. */
function presenceIn(
  { failure, upstream }: UpstreamError,
  refusalStatuses: readonly number[],
): Presence | undefined {
  // Whatever its body: a proxy may have replaced it.
  if (upstream?.status !== undefined && refusalStatuses.includes(upstream.status)) return 'present';
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
