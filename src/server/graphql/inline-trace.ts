import type { Trace } from '@apollo/usage-reporting-protobuf';
import { defaultFieldResolver, isObjectType } from 'graphql';
import type { GraphQLFieldResolver, GraphQLResolveInfo, GraphQLSchema } from 'graphql';
import type { FormattedError } from './errors.ts';

/** Makes the traces that Apollo's routers and gateways ask subgraphs for. */
export interface InlineTracer {
  start(): Promise<InlineTrace>;
}

/** The trace of one operation, to be put into the response's `extensions.ftv1`. */
interface InlineTrace {
  /** Execute with this schema, and with the trace as `inlineTrace` in the context: its resolvers take the times. */
  readonly schema: GraphQLSchema;
  /**
   * Starts the time of a field; call what it returns when the field is resolved.
   *
   * @returns undefined once the trace is full: what is resolved from then on is not in it
   */
  enter(info: GraphQLResolveInfo): (() => void) | undefined;
  /**
   * @param errors as the client sees them
   * @returns base64 of a `Trace` message
   */
  finish(errors: readonly FormattedError[]): string;
}

/** What resolvers of a traced schema find in their context. */
export interface TracedContext {
  readonly inlineTrace?: InlineTrace | undefined;
}

type Node = Trace.Node;

/** A large answer's trace would take several times the time and the bytes of the answer. */
const maxNodes = 10_000;

/**
 * A trace costs a closure and a node a field, so it is taken only where it is asked for, on a schema of its
 * own: the others pay nothing.
 *
 * @param createSchema makes the schema whose resolvers are to be timed
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
  // graphql-js gives the fields of an object one and the same path of that object.
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
        // Every request that reaches this is traced in full.
        fieldExecutionWeight: 1,
        root,
      };
      return Buffer.from(TraceMessage.encode(message).finish()).toString('base64');
    },
  };
}

/** The deepest node on the way: an error of a field that was never reached belongs to what was. */
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
