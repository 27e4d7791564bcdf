// A lint rule of this project, which .oxlintrc.json loads.

interface Expression {
  readonly type: string;
  /** What a cast casts. */
  readonly expression?: Expression;
}

interface Node {
  readonly type: string;
  readonly left: Expression;
  readonly right: Expression;
}

interface RuleContext {
  report(problem: { readonly node: Node; readonly message: string }): void;
}

const functions = new Set(['ArrowFunctionExpression', 'FunctionExpression']);

function isFunction({ type, expression }: Expression): boolean {
  return (
    functions.has(type) ||
    (/^TS\w+Expression$/.test(type) && expression !== undefined && isFunction(expression))
  );
}

const rule = {
  create: (context: RuleContext) => ({
    AssignmentExpression(node: Node) {
      if (node.left.type !== 'MemberExpression' || !isFunction(node.right)) return;
      context.report({
        node,
        message:
          'V8 takes a function that is written where it is assigned to a property for a method, and allocates it among ' +
          'the old objects: until the next full collection it retains all that it refers to, such as a request. Name the ' +
          'function first, and assign the name.',
      });
    },
  }),
};

export default { meta: { name: 'bluejay' }, rules: { 'short-lived-functions': rule } };
