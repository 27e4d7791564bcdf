import { inspect } from 'node:util';
import { onTestFinished } from 'vitest';
import type { TracingConfig } from '../../src/config/index.ts';
import { createGateway } from '../../src/gateway.ts';
import type { GatewayEvents } from '../../src/gateway.ts';
import { createLogger } from '../../src/observability/logger.ts';
import type { Logger } from '../../src/observability/logger.ts';
import { createSandbox } from '../../src/sandbox/index.ts';
import type { Sandbox } from '../../src/sandbox/index.ts';
import { configOf, testConfig } from '../support/config.ts';
import { eventNames } from '../support/event-names.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import type { OtlpReceiver } from '../support/otlp-receiver.ts';
import { callerKey, canary, houseKey, routerSecret } from './canary.ts';
import type { CanaryRequest } from './canary.ts';

/** Where something could come out. A new way out is a new line here. */
interface Sinks {
  /** As it is written. */
  log: string;
  /** What the logger is given, before it writes of it what it likes: an embedder's may write more. */
  logged: string;
  /** With their headers. */
  answers: string;
  metrics: string;
  /** What was delivered by OTLP, to the byte. */
  traces: string;
  /** What the embedder's listeners are told. */
  events: string;
}

export interface WatchedGateway {
  readonly url: string;
  readonly sandbox: Sandbox;
  readonly receiver: OtlpReceiver;
  readonly sinks: Sinks;
  /** Sends a request and keeps its answer. */
  ask(request: CanaryRequest): Promise<void>;
  /**
   * Stops the gateway, so that everything is out.
   *
   * @returns the sinks that something came out of that should not, or nothing, which would prove nothing
   */
  leaks(): Promise<(keyof Sinks)[]>;
}

/** Everything that hangs on a value, however deep: causes, symbols, properties that do not show. */
export function everythingOn(value: unknown): string {
  return inspect(value, {
    showHidden: true,
    getters: true,
    depth: Infinity,
    maxArrayLength: Infinity,
    maxStringLength: Infinity,
  });
}

/** A gateway that has the canary for its secrets, and whatever comes out of it. */
export async function startWatched(mode: 'service' | 'forward', timeoutMs = 5_000): Promise<WatchedGateway> {
  const sandbox = await createSandbox();
  const receiver = await startOtlpReceiver();
  const sinks: Sinks = { log: '', logged: '', answers: '', metrics: '', traces: '', events: '' };
  const logger = createLogger('trace', {
    write(line) {
      sinks.log += line;
    },
  });
  const gateway = await createGateway(
    testConfig({
      routerSecrets: [routerSecret],
      metrics: { host: '127.0.0.1', port: 0 },
      tracing: tracingTo(receiver.endpoint),
      protection: {
        ...testConfig({}).protection,
        rateLimit: { points: 100_000, windowSeconds: 60 },
        corsOrigins: ['https://a.example'],
      },
      upstream: {
        kind: 'bluejay',
        baseUrl: sandbox.url,
        auth: mode === 'service' ? { mode, apiKey: houseKey } : { mode },
        timeoutMs,
      },
    }),
    {
      logger: watchLogger(logger, (values) => {
        sinks.logged += everythingOn(values);
      }),
      events: watchEvents((name, values) => {
        sinks.events += `${name} ${everythingOn(values)}\n`;
      }),
    },
  );
  const url = await gateway.listen();
  onTestFinished(async () => {
    await gateway.close(0);
    await sandbox.close();
  });
  /** The address of Bluejay is nobody's business either. */
  const secrets = [canary, new URL(sandbox.url).host];
  return {
    url,
    sandbox,
    receiver,
    sinks,
    async ask({ path = '/graphql', headers, ...init }) {
      const response = await fetch(url + path, {
        method: 'POST',
        ...init,
        headers: {
          'content-type': 'application/json',
          'x-api-key': callerKey,
          'router-authorization': routerSecret,
          ...headers,
        },
      });
      sinks.answers += `${JSON.stringify([...response.headers])} ${await response.text()}\n`;
    },
    async leaks() {
      sinks.metrics += await (await fetch(`${gateway.metricsOrigin()}/metrics`)).text();
      await gateway.close();
      sinks.traces += receiver.text();
      const names = Object.keys(sinks) as (keyof Sinks)[];
      return names.filter(
        (name) => sinks[name] === '' || secrets.some((secret) => sinks[name].includes(secret)),
      );
    },
  };
}

function tracingTo(endpoint: string): TracingConfig | undefined {
  return configOf({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }).tracing;
}

/** The logger, telling first of what it is given. */
function watchLogger(logger: Logger, see: (values: readonly unknown[]) => void): Logger {
  return new Proxy(logger, {
    get(target, name: keyof Logger) {
      const value: unknown = target[name];
      if (typeof value !== 'function') return value;
      return (...values: unknown[]): unknown => {
        see(values);
        return value.apply(target, values) as unknown;
      };
    },
  });
}

function watchEvents(see: (name: string, values: readonly unknown[]) => void): GatewayEvents {
  return Object.fromEntries(eventNames.map((name) => [name, (...values: unknown[]) => see(name, values)]));
}
