import { validate } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import type { Plugin, YogaServerInstance } from 'graphql-yoga';
import { useSuggestions } from './plugins.ts';
import type { GraphQLPlugin } from './plugins.ts';
import type { OperationLimits } from '../../config/index.ts';
import type { Context } from '../../schema/index.ts';
import type { GraphQLParams } from './params.ts';
import type { GraphQLRequest } from './request.ts';
import type { TracedContext } from './inline-trace.ts';
import { createParse } from './limits/parse.ts';
import { createValidationRules } from './limits/validation-rules.ts';
import type { SchemaExposure } from './limits/validation-rules.ts';
import type { ListedValues } from './limits/values.ts';

/** Yoga's server context: the context of the resolvers, and the request. */
export interface PipelineContext extends Context, TracedContext {
  readonly graphqlRequest: GraphQLRequest;
  /** What Yoga's plugins expect to find. */
  readonly params?: GraphQLParams;
  /** Undefined where the operation selects no list of unknown length. */
  lists?: ListedValues | undefined;
}

/** Yoga's pipeline: parsing, validation and execution with its plugins, without HTTP. */
export type Pipeline = YogaServerInstance<PipelineContext, object>;

export interface PipelineOptions {
  readonly schema: GraphQLSchema;
  readonly limits: OperationLimits;
  readonly exposure: SchemaExposure;
  /** @default none */
  readonly plugins?: readonly GraphQLPlugin[];
}

/** Creates the pipeline, with all of Yoga's HTTP features off. */
export function createPipeline({ schema, limits, exposure, plugins = [] }: PipelineOptions): Pipeline {
  return createYoga<PipelineContext>({
    schema,
    plugins: [useLimits(limits, exposure), useSuggestions(exposure.introspection), ...plugins],
    // The error table masks errors, independently of NODE_ENV.
    maskedErrors: false,
    // `known-documents.ts` caches documents.
    parserAndValidationCache: false,
    batching: false,
    cors: false,
    graphiql: false,
    landingPage: false,
    logging: false,
    maxRequestBodySize: false,
    multipart: false,
  });
}

/** Adds the limits to parsing and validation. */
function useLimits(limits: OperationLimits, exposure: SchemaExposure): Plugin {
  const parse = createParse(limits);
  const rules = createValidationRules(exposure);
  // Suggestions would reveal names of the schema, and a client needs no hundred errors.
  const validationOptions = { hideSuggestions: !exposure.introspection, maxErrors: 10 };
  return {
    onParse: ({ setParseFn }) => setParseFn(parse),
    onValidate({ addValidationRule, setValidationFn }) {
      for (const rule of rules) addValidationRule(rule);
      setValidationFn(((schema, document, all) =>
        validate(schema, document, all, validationOptions)) satisfies typeof validate);
    },
  };
}
