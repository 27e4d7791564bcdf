import { defaultFieldResolver, isObjectType } from 'graphql';
import type { GraphQLFieldResolver, GraphQLResolveInfo, GraphQLSchema } from 'graphql';
import type { FormattedError } from './errors.ts';
import { encodeTrace } from './trace-message.ts';
import type { TraceNode } from './trace-message.ts';

/** Creates the traces that Apollo's routers and gateways request of subgraphs. */
export interface InlineTracer {
  start(): InlineTrace;
}

/** The trace of one operation, for the response's `extensions.ftv1`. */
interface InlineTrace {
  /** The schema with timed resolvers. They expect the trace as `inlineTrace` in the context. */
  readonly schema: GraphQLSchema;
  /**
   * Starts timing a field.
   *
   * @returns a function to call when the field is resolved; undefined once the trace is full
   */
  enter(info: GraphQLResolveInfo): (() => void) | undefined;
  /**
   * Ends the trace.
   *
   * @param errors as they are in the answer
   * @returns base64 of a `Trace` message
   */
  finish(errors: readonly FormattedError[]): string;
}

/** The context of timed resolvers. */
export interface TracedContext {
  readonly inlineTrace?: InlineTrace | undefined;
}

/** Bounds a trace, which takes several times the time and the bytes of the traced fields. */
const maxNodes = 10_000;

/**
 * Creates the tracer with a schema of its own, so that requests without a trace pay nothing: timing costs a closure and a
 * node for each field.
 *
 * @param createSchema returns a new schema, whose resolvers are then timed
 * @see https://www.apollographql.com/docs/graphos/reference/federation/subgraph-specific-features
 */
export function createInlineTracer(createSchema: () => GraphQLSchema): InlineTracer {
  let schema: GraphQLSchema | undefined;
  return {
    start() {
      schema ??= timeResolvers(createSchema());
      return createTrace(schema);
    },
  };
}

function createTrace(schema: GraphQLSchema): InlineTrace {
  const startedAt = performance.now();
  const startTimeMs = Date.now();
  const root = createNode(undefined);
  // graphql-js passes the same path object for the parent of all fields of an object.
  const nodes = new Map<GraphQLResolveInfo['path'], TraceNode>();
  const elapsedNanoseconds = () => Math.round((performance.now() - startedAt) * 1e6);

  function nodeAt(path: GraphQLResolveInfo['path'] | undefined): TraceNode {
    if (path === undefined) return root;
    let node = nodes.get(path);
    if (node === undefined) {
      node = createNode(path.key);
      nodes.set(path, node);
      nodeAt(path.prev).children.push(node);
    }
    return node;
  }

  return {
    schema,
    enter({ path, fieldName, returnType, parentType }) {
      if (nodes.size >= maxNodes) return undefined;
      const field = {
        type: returnType.toString(),
        parentType: parentType.name,
        originalName: path.key === fieldName ? undefined : fieldName,
        startNs: elapsedNanoseconds(),
        endNs: 0,
      };
      nodeAt(path).field = field;
      return () => {
        field.endNs = elapsedNanoseconds();
      };
    },
    finish(errors) {
      for (const error of errors) {
        nearestNode(root, error.path ?? []).errors.push({
          message: error.message,
          locations: error.locations ?? [],
          json: JSON.stringify(error),
        });
      }
      return encodeTrace({ startTimeMs, endTimeMs: Date.now(), durationNs: elapsedNanoseconds(), root });
    },
  };
}

function createNode(key: TraceNode['key']): TraceNode {
  return { key, field: undefined, errors: [], children: [] };
}

/** Finds the deepest node on a path: a field that was never reached has no node of its own. */
function nearestNode(root: TraceNode, path: readonly (string | number)[]): TraceNode {
  let node = root;
  for (const key of path) {
    const child = node.children.find((each) => each.key === key);
    if (child === undefined) break;
    node = child;
  }
  return node;
}

function timeResolvers(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      field.resolve = timed(field.resolve ?? defaultFieldResolver);
    }
  }
  return schema;
}

type Resolver = GraphQLFieldResolver<unknown, TracedContext>;

function timed(resolve: Resolver): Resolver {
  return (source, args, context, info) => {
    const leave = context.inlineTrace?.enter(info);
    if (leave === undefined) return resolve(source, args, context, info);
    let isPending = false;
    try {
      const result = resolve(source, args, context, info);
      if (result instanceof Promise) {
        isPending = true;
        return result.finally(leave);
      }
      return result;
    } finally {
      if (!isPending) leave();
    }
  };
}
