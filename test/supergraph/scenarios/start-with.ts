import type { Call } from '../../../examples/supergraph/calls.ts';
import type { SupergraphOptions, TestSupergraph } from '../start-supergraph.ts';

/** Starts the subgraphs with the gateway of the scenario in front. */
export type StartWith = (calls: readonly Call[], options?: SupergraphOptions) => Promise<TestSupergraph>;
