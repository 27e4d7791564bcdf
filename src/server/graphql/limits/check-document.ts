import { Kind, OperationTypeNode } from 'graphql';
import type {
  ArgumentNode,
  DirectiveNode,
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  FragmentSpreadNode,
  InlineFragmentNode,
  NameNode,
  SelectionSetNode,
  ValueNode,
} from 'graphql';
import type { OperationLimits } from '../../../config/index.ts';
import { limitError, tooComplex } from './limit-error.ts';

/** The schema has two directives for queries, none of them repeatable, so more in one place are never valid. */
const maxDirectivesAtOnePlace = 4;

/** Its fields run one after the other, and each holds up the answer for a write. */
const maxMutationFields = 10;

/** Bounds the length of an alias, because the path of each error repeats it. */
const maxAliasLength = 200;

/** The place of a selection in the document. */
interface Place {
  readonly depth: number;
  /** The response names of the selection set so far. */
  readonly siblings: Set<string>;
  /** What the selections are of, where they are fields of an operation's type. */
  readonly root: OperationTypeNode | undefined;
  /** Whether the fragment was checked before: its values are checked once. */
  readonly isRepeated: boolean;
}

/**
 * Checks a document against the limits, with fragments expanded as execution expands them. Runs before validation, because
 * hostile documents exploit validation rules. So the document need not be valid: fragments may be missing, recursive,
 * unused or defined twice. The walk ends at the first broken limit, so the limits bound its work, too.
 *
 * @throws {GraphQLError} `QUERY_TOO_COMPLEX`; `limit` names the limit
 */
export function checkDocument({ definitions }: DocumentNode, limits: OperationLimits): void {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  let mutationFields = 0;
  const counts = { fields: 0, rootFields: 0, duplicates: 0, aliases: 0, directives: 0, fragments: 0 };
  const seen = new Set<FragmentDefinitionNode>();
  const entered = new Set<FragmentDefinitionNode>();

  function count(name: keyof typeof counts): void {
    counts[name] += 1;
    if (counts[name] > limits[name]) throw limitError(name, limits[name]);
  }

  function countRootField(root: OperationTypeNode): void {
    count('rootFields');
    if (root !== OperationTypeNode.MUTATION) return;
    mutationFields += 1;
    if (mutationFields > maxMutationFields) throw limitError('rootFields', maxMutationFields);
  }

  function checkDirectives(directives: readonly DirectiveNode[] = [], isRepeated = false): void {
    if (directives.length > maxDirectivesAtOnePlace) {
      throw tooComplex('directives', `At most ${maxDirectivesAtOnePlace} directives can be in one place.`);
    }
    for (const directive of directives) {
      count('directives');
      if (!isRepeated) checkArguments(directive.arguments);
    }
  }

  function checkArguments(nodes: readonly ArgumentNode[] = []): void {
    for (const { value } of nodes) checkValue(value, 1);
  }

  function checkValue(value: ValueNode, depth: number): void {
    if (depth > limits.depth) throw limitError('depth', limits.depth);
    if (value.kind === Kind.LIST) for (const item of value.values) checkValue(item, depth + 1);
    if (value.kind === Kind.OBJECT) for (const field of value.fields) checkValue(field.value, depth + 1);
  }

  function checkSelections({ selections }: SelectionSetNode, place: Place): void {
    for (const node of selections) {
      checkDirectives(node.directives, place.isRepeated);
      if (node.kind === Kind.FIELD) checkField(node, place);
      else checkFragment(node, place);
    }
  }

  function checkField({ name, alias, arguments: nodes, selectionSet }: FieldNode, place: Place): void {
    const { depth, siblings, root, isRepeated } = place;
    if (depth > limits.depth) throw limitError('depth', limits.depth);
    if (alias !== undefined) checkAlias(alias);
    const responseName = (alias ?? name).value;
    if (siblings.has(responseName)) count('duplicates');
    else if (root !== undefined) countRootField(root);
    siblings.add(responseName);
    count('fields');
    if (!isRepeated) checkArguments(nodes);
    if (selectionSet === undefined) return;
    checkSelections(selectionSet, { depth: depth + 1, siblings: new Set(), root: undefined, isRepeated });
  }

  function checkAlias({ value }: NameNode): void {
    count('aliases');
    if (value.length > maxAliasLength) {
      throw tooComplex('aliases', `An alias has at most ${maxAliasLength} characters.`);
    }
  }

  function checkFragment(node: InlineFragmentNode | FragmentSpreadNode, place: Place): void {
    count('fragments');
    if (node.kind === Kind.INLINE_FRAGMENT) return checkSelections(node.selectionSet, place);
    const fragment = fragments.get(node.name.value);
    if (fragment !== undefined) checkDefinition(fragment, place);
  }

  function checkDefinition(fragment: FragmentDefinitionNode, place: Place): void {
    if (entered.has(fragment)) {
      throw tooComplex('fragments', 'A fragment is spread within itself, so the document has no end.');
    }
    const isRepeated = seen.has(fragment);
    seen.add(fragment);
    entered.add(fragment);
    checkDirectives(fragment.directives, isRepeated);
    checkSelections(fragment.selectionSet, { ...place, isRepeated });
    entered.delete(fragment);
  }

  for (const node of definitions) {
    if (node.kind !== Kind.OPERATION_DEFINITION) continue;
    checkDirectives(node.directives);
    for (const { directives, defaultValue } of node.variableDefinitions ?? []) {
      checkDirectives(directives);
      if (defaultValue !== undefined) checkValue(defaultValue, 1);
    }
    const root = node.operation;
    checkSelections(node.selectionSet, { depth: 1, siblings: new Set(), root, isRepeated: false });
  }
  // Validation also visits fragments that no operation spreads.
  for (const node of definitions) {
    if (node.kind !== Kind.FRAGMENT_DEFINITION || seen.has(node)) continue;
    count('fragments');
    checkDefinition(node, { depth: 1, siblings: new Set(), root: undefined, isRepeated: false });
  }
}
