import type { Trace } from '@apollo/usage-reporting-protobuf';
import { defaultFieldResolver, isObjectType } from 'graphql';
import type { GraphQLFieldResolver, GraphQLResolveInfo, GraphQLSchema } from 'graphql';
import type { FormattedError } from './errors.ts';

/** Creates the traces that Apollo's routers and gateways request of subgraphs. */
export interface InlineTracer {
  start(): Promise<InlineTrace>;
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

type Node = Trace.Node;

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
  let loaded: Promise<{ protobuf: typeof import('@apollo/usage-reporting-protobuf'); schema: GraphQLSchema }>;
  async function load() {
    const protobuf = await import('@apollo/usage-reporting-protobuf');
    return { protobuf, schema: timeResolvers(createSchema()) };
  }
  return {
    async start() {
      loaded ??= load();
      const { protobuf, schema } = await loaded;
      return createTrace(protobuf.Trace, schema);
    },
  };
}

function createTrace(TraceMessage: typeof Trace, schema: GraphQLSchema): InlineTrace {
  const startedAt = performance.now();
  const startTime = timestamp(Date.now());
  const root = new TraceMessage.Node();
  // graphql-js passes the same path object for the parent of all fields of an object.
  const nodes = new Map<GraphQLResolveInfo['path'], Node>();
  const elapsedNanoseconds = () => Math.round((performance.now() - startedAt) * 1e6);

  function nodeAt(path: GraphQLResolveInfo['path'] | undefined): Node {
    if (path === undefined) return root;
    let node = nodes.get(path);
    if (node === undefined) {
      const { key } = path;
      node = new TraceMessage.Node(typeof key === 'number' ? { index: key } : { responseName: key });
      nodes.set(path, node);
      nodeAt(path.prev).child.push(node);
    }
    return node;
  }

  return {
    schema,
    enter({ path, fieldName, returnType, parentType }) {
      if (nodes.size >= maxNodes) return undefined;
      const node = nodeAt(path);
      node.type = returnType.toString();
      node.parentType = parentType.name;
      if (path.key !== fieldName) node.originalFieldName = fieldName;
      node.startTime = elapsedNanoseconds();
      return () => {
        node.endTime = elapsedNanoseconds();
      };
    },
    finish(errors) {
      for (const error of errors) {
        nearestNode(root, error.path ?? []).error.push(
          new TraceMessage.Error({
            message: error.message,
            location: (error.locations ?? []).map((location) => new TraceMessage.Location(location)),
            json: JSON.stringify(error),
          }),
        );
      }
      const message = {
        startTime,
        endTime: timestamp(Date.now()),
        durationNs: elapsedNanoseconds(),
        // No field is left out by sampling.
        fieldExecutionWeight: 1,
        root,
      };
      return Buffer.from(TraceMessage.encode(message).finish()).toString('base64');
    },
  };
}

/** Finds the deepest node on a path: a field that was never reached has no node of its own. */
function nearestNode(root: Node, path: readonly (string | number)[]): Node {
  let node = root;
  for (const key of path) {
    const child = node.child.find(({ index, responseName }) =>
      typeof key === 'number' ? index === key : responseName === key,
    );
    if (child === undefined) break;
    node = child as Node;
  }
  return node;
}

function timestamp(milliseconds: number) {
  return { seconds: Math.floor(milliseconds / 1_000), nanos: (milliseconds % 1_000) * 1e6 };
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
