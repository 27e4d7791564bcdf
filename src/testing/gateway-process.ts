// The process of a test's gateway: its one message is the configuration, its answer the origin or what is wrong.
// It ends with whoever started it.
import module from 'node:module';
import type { PartialConfig } from '../config/complete.ts';

/** What the process answers. */
export type Started = { readonly origin: string } | { readonly problem: string };

process.once('disconnect', () => process.exit());
process.once('message', (config: PartialConfig) => {
  void start(config).then((started) => process.send?.(started));
});
// Each test file starts one: compiled code is kept for the next.
module.enableCompileCache();

async function start(config: PartialConfig): Promise<Started> {
  try {
    const { createGateway } = await import('../gateway.ts');
    const gateway = await createGateway(config);
    return { origin: await gateway.listen() };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
