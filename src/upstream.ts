import type { AuthConfig, UpstreamConfig } from './config/index.ts';
import type { Proxy } from './datasources/upstream/transport/route.ts';
import type { Sandbox } from './sandbox/index.ts';

export interface Upstream {
  readonly baseUrl: string;
  readonly auth: AuthConfig;
  /** Undefined where connections are direct. */
  readonly proxy?: Proxy | undefined;
  /** Absent where Bluejay is asked. */
  readonly sandbox?: Sandbox;
  close(): Promise<void>;
}

/** Bluejay as it is configured, or a sandbox that is started for it. */
export async function openUpstream(config: UpstreamConfig): Promise<Upstream> {
  if (config.kind === 'bluejay') return { ...config, close: () => Promise.resolve() };
  // Loaded only here: production never pays for it.
  const { createSandbox, organisations } = await import('./sandbox/index.ts');
  const sandbox = await createSandbox();
  const apiKey = organisations[0]?.apiKey ?? '';
  return {
    baseUrl: sandbox.url,
    auth: { mode: 'service', apiKey },
    sandbox,
    close: () => sandbox.close(),
  };
}
