import { bodies } from './bodies.ts';
import { callers } from './callers.ts';
import { connections } from './connections.ts';
import type { Scenario } from './scenario.ts';

/** In the order in which the audit prints them, but for those that run beside each other. */
export const scenarios: readonly Scenario[] = [...callers, ...bodies, ...connections];
