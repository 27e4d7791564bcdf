import { post } from './attack.ts';
import { startProduction } from './production.ts';
import type { Target } from './production.ts';

/** The first answer of a process takes longer than the others, which says nothing about an attack. */
async function startWarm(settings: Readonly<Record<string, string>>): Promise<Target> {
  const target = await startProduction(settings);
  await post(target, { query: '{ __typename }' });
  return target;
}

/** Gateways in production settings: one for all attacks that want the same settings. */
export function createTargets() {
  const targets = new Map<string, Promise<Target>>();
  return {
    get(settings: Readonly<Record<string, string>> = {}): Promise<Target> {
      const key = JSON.stringify(settings);
      const target = targets.get(key) ?? startWarm(settings);
      targets.set(key, target);
      return target;
    },
    async close(): Promise<void> {
      const started = await Promise.allSettled(targets.values());
      const running = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      await Promise.all(running.map((target) => target.close()));
    },
  };
}
