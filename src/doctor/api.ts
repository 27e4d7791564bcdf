import { classifyStatus } from '../datasources/bluejay/classify-status.ts';
import { BluejayError } from '../datasources/upstream/errors.ts';
import type { Failure } from '../datasources/upstream/errors.ts';
import { readNotFound } from '../datasources/bluejay/not-found.ts';
import type { Proxy } from '../datasources/upstream/transport/route.ts';
import { createTransport } from '../datasources/upstream/transport/transport.ts';
import { explainFailure } from './explain-failure.ts';
import { problem } from './finding.ts';
import type { Verdict } from './finding.ts';

export interface ApiOptions {
  readonly baseUrl: string;
  readonly proxy: Proxy | undefined;
  /** Undefined where every caller brings its own. */
  readonly apiKey: string | undefined;
  readonly timeoutMs: number;
  readonly userAgent: string;
}

/** Two cheap reads, as the gateway itself would make them. */
export interface ApiChecks {
  /** Whether what answers is Bluejay's API at all. */
  checkApi(): Promise<Verdict>;
  /** Whether Bluejay accepts the gateway's key. */
  checkKey(): Promise<Verdict>;
  close(): Promise<void>;
}

/** Refused by Bluejay as no UUID, before it looks for anything: a 404 says that the path is not there. */
const malformedId = 'not-a-uuid';
/** Well-formed, of a persona that nobody has. */
const unknownId = '00000000-0000-4000-8000-000000000000';
/** Where there is no key to try: whether it is refused or not, Bluejay has answered. */
const placeholderKey = 'bluejay-doctor';

/** More than any answer to these two reads has. */
const maxResponseBytes = 1_048_576;

export function createApiChecks({ baseUrl, proxy, apiKey, timeoutMs, userAgent }: ApiOptions): ApiChecks {
  const transport = createTransport({ baseUrl, proxy, userAgent, timeoutMs, connections: 1 });

  /** The status of a 200 or 404, or what else came of the read. */
  async function read(id: string): Promise<200 | 404 | Failure> {
    const key = apiKey ?? placeholderKey;
    try {
      const response = await transport.get({
        operation: 'getCustomerPersona',
        path: `/v1/customer-persona/${id}`,
        apiKey: key,
        maxResponseBytes,
      });
      const { status } = response;
      if (status === 404 && readNotFound(response) === 'foreign') {
        return { kind: 'unexpected_status', status, reason: 'foreign_not_found' };
      }
      return status === 200 || status === 404 ? status : classifyStatus(response, new Map(), key, Date.now());
    } catch (error) {
      if (error instanceof BluejayError) return error.failure;
      throw error;
    }
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
