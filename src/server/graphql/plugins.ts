import { execute } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** A plugin of Yoga's or Envelop's, as far as the gateway runs them. */
// oxlint-disable-next-line typescript/no-explicit-any -- what plugins expect of a context is their own business
export type GraphQLPlugin = Plugin<any, any, any>;

/** What Yoga calls where it handles HTTP, which the gateway does itself. */
const httpHooks = [
  'onRequest',
  'onRequestParse',
  'onParams',
  'onExecutionResult',
  'onResultProcess',
  'onResponse',
] as const;

/**
 * Checks plugins, and those that they bring along. One that would never be called is refused: silence would pass for a
 * plugin that has nothing to say.
 *
 * @returns the plugins between two of the gateway's own
 * @throws at Yoga's start an Error that names the hooks
 */
export function checkPlugins(plugins: readonly GraphQLPlugin[]): GraphQLPlugin[] {
  const first: GraphQLPlugin = {};
  const last: GraphQLPlugin = {
    onPluginInit({ plugins: all }) {
      const foreign = (all as readonly object[]).slice(
        all.findIndex((plugin) => plugin === first),
        all.findIndex((plugin) => plugin === last),
      );
      const hooks = httpHooks.filter((hook) => foreign.some((plugin) => hook in plugin));
      if (hooks.length === 0) return;
      throw new Error(
        `plugins: ${hooks.join(', ')} cannot be called, because the gateway handles HTTP itself. ` +
          'Use plugins with onParse, onValidate, onContextBuilding and onExecute, and the events of createGateway.',
      );
    },
  };
  return [first, ...plugins, last];
}

/** Executes without suggestions, which tell names of the schema to whoever guesses. */
export function useQuietExecution(): GraphQLPlugin {
  return {
    onExecute({ setExecuteFn }) {
      setExecuteFn((args) => execute({ ...args, hideSuggestions: true }));
    },
  };
}
