import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isListType,
  isNonNullType,
  isUnionType,
  TypeMetaFieldDef,
} from 'graphql';
import type { GraphQLArgument, GraphQLCompositeType, GraphQLInputType, GraphQLSchema } from 'graphql';
import { exampleId, unknownId } from './gateway.ts';

/** Picks one of so many choices, counted from 0. The first ones are the simplest. */
export type Pick = (choices: number) => number;

export interface GeneratedRequest {
  readonly query: string;
  readonly variables: Record<string, unknown>;
  readonly operationName?: string | undefined;
}

/** Another persona of the clinic. */
export const secondId = '0b6f5a52-19c1-4f0e-9a53-5d2f0f6f7b01';

/** Good values first, by the name of the type. */
const scalarValues: Readonly<Record<string, readonly unknown[]>> = {
  UUID: [exampleId, secondId, unknownId, exampleId.toUpperCase(), 'abc', 7, null],
  ID: [7, '8', '9', '12345', 'abc', 1.5, null],
  Boolean: [true, false, 'yes', null],
  String: ['CustomerPersona', '_Entity', 'ä🩺', '', 7, null],
  _Any: [
    { __typename: 'CustomerPersona', id: exampleId },
    { __typename: 'CustomerPersona', id: unknownId },
    { __typename: 'Agent', id: '8' },
    { __typename: 'Agent', id: 'abc' },
    { __typename: 'CustomerPersona' },
    {},
    7,
    null,
  ],
};

const mistakes: readonly ((query: string, at: number) => string)[] = [
  (query, at) => query.slice(0, at) + query.slice(at + 1),
  (query, at) => query.slice(0, at),
  (query, at) => `${query.slice(0, at)} nothing ${query.slice(at)}`,
  (query) => query.replace(/\bid\b/, 'nothing'),
  (query) => query.replace(/\([^()]*\)/, ''),
  (query) => query.replace(/\$\w+/, '$none'),
  (query) => query.replace(/\bUUID\b/, 'String'),
  (query) => query.replace(/F\d+ on \w+/, 'F0 on Agent'),
  (query) => query.replace(/^query/, 'mutation'),
  (query) => `${query} ${query}`,
];

/** Generates a request that mostly fits the schema: a document over all types, its variables, some mistakes. */
export function generateRequest(schema: GraphQLSchema, pick: Pick): GeneratedRequest {
  const variables: Record<string, unknown> = {};
  const definitions: string[] = [];
  const fragments: string[] = [];
  let aliases = 0;
  const chance = (oneIn: number) => pick(oneIn) === oneIn - 1;

  /** Picks mostly from the first half, which fits the type. */
  function pickValue(type: GraphQLInputType): unknown {
    if (isNonNullType(type)) return pickValue(type.ofType) ?? (chance(30) ? null : pickValue(type.ofType));
    if (isListType(type)) {
      return chance(12)
        ? pickValue(type.ofType)
        : Array.from({ length: pick(4) }, () => pickValue(type.ofType));
    }
    const values = scalarValues[type.name] ?? [null];
    return values[pick(chance(50) ? values.length : Math.ceil(values.length / 2))];
  }

  function argument(type: GraphQLInputType): string {
    if (chance(3)) return literal(pickValue(type));
    const name = `v${definitions.length}`;
    const hasDefault = chance(6);
    definitions.push(
      `$${name}: ${chance(80) ? 'String' : String(type)}${hasDefault ? ` = ${literal(pickValue(type))}` : ''}`,
    );
    if (!chance(hasDefault ? 2 : 50)) variables[name] = pickValue(type);
    return `$${name}`;
  }

  function argumentsOf(args: readonly GraphQLArgument[]): string {
    const given = args.filter(({ type }) => isNonNullType(type) || chance(2));
    return given.length === 0
      ? ''
      : `(${given.map(({ name, type }) => `${name}: ${argument(type)}`).join(', ')})`;
  }

  function directives(): string {
    if (!chance(8)) return '';
    const [skip, include] = [schema.getDirective('skip'), schema.getDirective('include')];
    const directive = chance(2) ? skip : include;
    return directive == null ? '' : ` @${directive.name}${argumentsOf(directive.args)}`;
  }

  function fieldsOf(type: GraphQLCompositeType) {
    if (isUnionType(type)) return [];
    const fields = Object.values(type.getFields());
    return type === schema.getQueryType() ? [...fields, TypeMetaFieldDef] : fields;
  }

  function selection(type: GraphQLCompositeType, depth: number): string {
    const usable = fieldsOf(type).filter((field) => depth > 0 || !isCompositeType(getNamedType(field.type)));
    const kind = pick(8);
    if (depth > 0 && (kind === 6 || (isUnionType(type) && kind > 0))) {
      const possible = isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
      const on = possible[pick(possible.length)] ?? type;
      return `...${chance(4) && on === type ? '' : ` on ${on.name}`}${directives()} ${selectionSet(on, depth - 1)}`;
    }
    if (kind === 7 && depth > 0) {
      const index = fragments.length;
      const name = `F${index}`;
      fragments.push('');
      fragments[index] = `fragment ${name} on ${type.name} ${selectionSet(type, depth - 1)}`;
      return `...${name}${directives()}`;
    }
    const field = usable[pick(usable.length + 1)];
    if (field === undefined) return `__typename${directives()}`;
    const named = getNamedType(field.type);
    // Fields with arguments, or with fields that have some, mostly get an alias, so that they need no merging.
    const mayMerge = field.args.length === 0 && !isCompositeType(named);
    let alias = '';
    if (!mayMerge && !chance(20)) alias = `f${(aliases += 1)}: `;
    else if (chance(12)) alias = `${['__proto__', 'then', 'a', 'id'][pick(4)]}: `;
    const set = isCompositeType(named) ? ` ${selectionSet(named, depth - 1)}` : '';
    return `${alias}${field.name}${argumentsOf(field.args)}${directives()}${set}`;
  }

  function selectionSet(type: GraphQLCompositeType, depth: number): string {
    return `{ ${Array.from({ length: 1 + pick(4) }, () => selection(type, depth)).join(' ')} }`;
  }

  const query = schema.getQueryType();
  if (query == null) throw new Error('The schema has no queries');
  const set = selectionSet(query, 4);
  const names = chance(4) ? ['Generated', 'Other'] : ['Generated'];
  const operations = names.map(
    (name, index) =>
      `query ${name}${definitions.length > 0 && index === 0 ? `(${definitions.join(', ')})` : ''} ${index === 0 ? set : '{ __typename }'}`,
  );
  const document = [...operations, ...fragments].join(' ');
  const mistake = chance(8) ? mistakes[pick(mistakes.length)] : undefined;
  return {
    query: mistake?.(document, pick(document.length)) ?? document,
    variables,
    operationName: names.length > 1 ? [...names, undefined, 'None'][pick(4)] : undefined,
  };
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, each]) => `${key}: ${literal(each)}`)
      .join(', ')} }`;
  }
  return JSON.stringify(value);
}
