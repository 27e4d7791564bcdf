import { getCustomerPersona } from '../datasources/bluejay/customer-persona.ts';
import type { CustomerPersona } from '../datasources/bluejay/customer-persona.ts';
import { credential, errorDialect, service } from '../datasources/bluejay/service.ts';
import type { Result } from '../datasources/upstream/answer.ts';
import { createCall } from '../datasources/upstream/call.ts';
import { UpstreamError } from '../datasources/upstream/errors.ts';
import type { Failure } from '../datasources/upstream/errors.ts';
import type { Proxy } from '../datasources/upstream/transport/route.ts';
import { createTransport } from '../datasources/upstream/transport/transport.ts';
import { LightCancellation } from '../shared/cancellation.ts';
import { promiseOf } from '../shared/continuation.ts';
import { explainFailure } from './explain-failure.ts';
import { problem } from './finding.ts';
import type { Verdict } from './finding.ts';

export interface ApiOptions {
  readonly baseUrl: string;
  readonly proxy: Proxy | undefined;
  /** Undefined where each caller sends its own. */
  readonly apiKey: string | undefined;
  readonly timeoutMs: number;
  readonly userAgent: string;
}

/** Checks Bluejay's API with two cheap reads, as the gateway makes them. */
export interface ApiChecks {
  /** Checks whether the peer is Bluejay's API. */
  checkApi(): Promise<Verdict>;
  /** Checks whether Bluejay accepts the gateway's key. */
  checkKey(): Promise<Verdict>;
  close(): Promise<void>;
}

/** An id that Bluejay refuses with a 422, so that a 404 means a missing path. */
const malformedId = 'not-a-uuid';
/** A well-formed id without a persona. */
const unknownId = '00000000-0000-4000-8000-000000000000';
/** Stands for a key: that Bluejay refuses it is an answer, too. */
const placeholderKey = 'bluejay-doctor';

export function createApiChecks({ baseUrl, proxy, apiKey, timeoutMs, userAgent }: ApiOptions): ApiChecks {
  const transport = createTransport({
    baseUrl,
    proxy,
    userAgent,
    credentialHeader: credential.header,
    refusalStatuses: errorDialect.statuses,
    timeoutMs,
    connections: 1,
  });
  const call = createCall({
    service,
    endpoint: getCustomerPersona,
    transport,
    errorDialect,
    now: () => performance.now(),
    events: {},
  });

  /** Reads a persona. @returns 200, 404 or another failure */
  async function read(id: string): Promise<200 | 404 | Failure> {
    const request = { input: { persona_id: id }, apiKey: apiKey ?? placeholderKey };
    const context = { signal: new LightCancellation(), observer: undefined };
    const answer = await promiseOf<Result<CustomerPersona | null>>((continuation) =>
      call(request, context, 1, continuation),
    );
    if (!(answer instanceof UpstreamError)) return answer.kind === 'full' && !answer.isAbsent ? 200 : 404;
    const isOther = answer.failure.kind === 'invalid_response' && answer.upstream?.status === 200;
    return isOther ? 200 : answer.failure;
  }

  return {
    async checkApi() {
      const answer = await read(malformedId);
      if (typeof answer === 'number') {
        return problem(
          `What answers there is not Bluejay's API: it says ${answer} where Bluejay says 422.`,
          'Check BLUEJAY_BASE_URL, its path above all; without it the gateway asks https://api.getbluejay.ai.',
        );
      }
      const answers: readonly Failure['kind'][] = ['invalid_input', 'unauthenticated', 'forbidden'];
      if (answers.includes(answer.kind)) return { outcome: 'ok', text: "Bluejay's API answers" };
      return explainFailure(answer, timeoutMs);
    },
    async checkKey() {
      if (apiKey === undefined) {
        return { outcome: 'skipped', text: 'every caller brings its own, so there is none to try' };
      }
      const answer = await read(unknownId);
      if (typeof answer === 'number') return { outcome: 'ok', text: 'Bluejay accepts it' };
      return explainFailure(answer, timeoutMs);
    },
    close: () => transport.close(),
  };
}
