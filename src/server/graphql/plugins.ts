import { execute } from 'graphql';
import type { Plugin } from 'graphql-yoga';

/** A plugin of Yoga or Envelop. */
// oxlint-disable-next-line typescript/no-explicit-any -- each plugin has its own type of context
export type GraphQLPlugin = Plugin<any, any, any>;

/** The hooks of Yoga's HTTP handling, which the gateway does not use. */
const httpHooks = [
  'onRequest',
  'onRequestParse',
  'onParams',
  'onExecutionResult',
  'onResultProcess',
  'onResponse',
] as const;

/**
 * Adds a check that refuses plugins with hooks that the gateway never calls, and plugins that these add.
 *
 * @returns the plugins between two of the gateway's own, which throw an Error that names the hooks when Yoga starts
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

/** Creates the plugin that executes with graphql-js, whose errors suggest names of the schema where `suggests` is true. */
export function useSuggestions(suggests: boolean): GraphQLPlugin {
  return {
    onExecute({ setExecuteFn }) {
      setExecuteFn((args) => execute({ ...args, hideSuggestions: !suggests }));
    },
  };
}
