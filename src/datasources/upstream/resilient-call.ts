import { pass, promiseOf } from '../../shared/continuation.ts';
import type { Continuation } from '../../shared/continuation.ts';
import type { Answer, CallRequest, Result, UnclearAnswer } from './answer.ts';
import { createCall } from './call.ts';
import type { Call, CallOptions } from './call.ts';
import { UpstreamError } from './errors.ts';
import { createPathCheck } from './path-check.ts';
import type { Presence } from './path-check.ts';
import type { Attempts, Chain } from './resilience/chain.ts';
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
 * @param continuation resolved with the answer; rejected with an {@link UpstreamError} of every kind, and with the context's
 *   reason once its signal is aborted
 */
export type ResilientCall<Input, Value> = (
  request: ResilientCallRequest<Input, Value>,
  context: CallContext,
  continuation: Continuation<Answer<Value>>,
) => void;

/** Creates the resilient call of an endpoint. */
export function createResilientCall<Input extends object, Value>(
  options: ResilientCallOptions<Input, Value>,
): ResilientCall<Input, Value> {
  const { chain, service, title, endpoint, errorDialect, now } = options;
  const { operation, absent, malformed } = endpoint;
  const call = createCall(options);
  const pathCheck = createPathCheck({ service, operation, title, now });

  /** Asks whether the service has the path, by malformed input: where it has, it refuses the input and not the path. */
  async function askForPath(
    { apiKey, tenant }: ResilientCallRequest<Input, Value>,
    input: Input,
    context: CallContext,
  ): Promise<Presence> {
    const attempts: Attempts<Answer<Value> | UnclearAnswer> = {
      send: (number, continuation) => call({ input, apiKey }, context, number, continuation),
    };
    try {
      const { kind } = await promiseOf<Answer<Value> | UnclearAnswer>((continuation) =>
        chain(tenant, context, attempts, continuation),
      );
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

  const parts = { call, resolveUnclear, confirm: pathCheck.confirm };
  return (request, context, continuation) => {
    const resilient = new ResilientRequest(parts, request, context, continuation);
    chain(request.tenant, context, resilient, resilient);
  };
}

interface ResilientRequestParts<Input, Value> {
  readonly call: Call<Input, Value>;
  readonly resolveUnclear: (
    request: ResilientCallRequest<Input, Value>,
    answer: UnclearAnswer,
    context: CallContext,
  ) => Promise<Answer<Value>>;
  readonly confirm: () => void;
}

/** One request: its attempts, and what takes the chain's outcome. */
class ResilientRequest<Input, Value>
  implements Attempts<Answer<Value> | UnclearAnswer>, Continuation<Answer<Value> | UnclearAnswer>
{
  readonly #parts: ResilientRequestParts<Input, Value>;
  readonly #request: ResilientCallRequest<Input, Value>;
  readonly #context: CallContext;
  readonly #continuation: Continuation<Answer<Value>>;

  constructor(
    parts: ResilientRequestParts<Input, Value>,
    request: ResilientCallRequest<Input, Value>,
    context: CallContext,
    continuation: Continuation<Answer<Value>>,
  ) {
    this.#parts = parts;
    this.#request = request;
    this.#context = context;
    this.#continuation = continuation;
  }

  send(number: number, continuation: Continuation<Result<Value>>): void {
    this.#parts.call(this.#request, this.#context, number, continuation);
  }

  resolve(answer: Answer<Value> | UnclearAnswer): void {
    const { confirm, resolveUnclear } = this.#parts;
    if (answer.kind === 'unclear') {
      pass(resolveUnclear(this.#request, answer, this.#context), this.#continuation);
      return;
    }
    confirm();
    this.#continuation.resolve(answer);
  }

  reject(error: unknown): void {
    this.#continuation.reject(error);
  }
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
