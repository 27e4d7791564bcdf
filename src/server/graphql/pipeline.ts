import { validate } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import type { Plugin, YogaServerInstance } from 'graphql-yoga';
import { useQuietExecution } from './plugins.ts';
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

/** What Yoga calls the server context: the resolvers' context and the request it belongs to. */
export interface PipelineContext extends Context, TracedContext {
  readonly graphqlRequest: GraphQLRequest;
  /** What Yoga's plugins expect to find. */
  readonly params?: GraphQLParams;
  /** Undefined where the operation selects no list of unknown length. */
  lists?: ListedValues | undefined;
}

/** Yoga's pipeline: what is true of GraphQL, whatever carries the request. */
export type Pipeline = YogaServerInstance<PipelineContext, object>;

export interface PipelineOptions {
  readonly schema: GraphQLSchema;
  readonly limits: OperationLimits;
  readonly exposure: SchemaExposure;
  /** @default none */
  readonly plugins?: readonly GraphQLPlugin[];
}

/** Everything of Yoga's that `server/http` does is off. */
export function createPipeline({ schema, limits, exposure, plugins = [] }: PipelineOptions): Pipeline {
  return createYoga<PipelineContext>({
    schema,
    plugins: [useLimits(limits, exposure), useQuietExecution(), ...plugins],
    // The error table masks: it is closed, whatever NODE_ENV says.
    maskedErrors: false,
    // What has passed is known to the fast lane, with all that belongs to it.
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

/** What passes is known from then on, so the limits cost only the first request of a document. */
function useLimits(limits: OperationLimits, exposure: SchemaExposure): Plugin {
  const parse = createParse(limits);
  const rules = createValidationRules(exposure);
  return {
    onParse: ({ setParseFn }) => setParseFn(parse),
    onValidate({ addValidationRule, setValidationFn }) {
      for (const rule of rules) addValidationRule(rule);
      setValidationFn(validateQuietly);
    },
  };
}

/** Suggestions tell names of the schema to whoever guesses, and a hundred errors are nobody's help. */
const validateQuietly: typeof validate = (schema, document, rules) =>
  validate(schema, document, rules, { hideSuggestions: true, maxErrors: 10 });
