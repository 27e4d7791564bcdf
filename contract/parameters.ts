import type { Resolve } from './resolve-reference.ts';

export interface Parameter {
  /** `path`, `query`, `header` or `cookie`. */
  readonly in: string;
  readonly name: string;
  readonly isRequired: boolean;
  readonly schema: unknown;
}

/**
 * The parameters of a call by place and name; header names in lower case, as they count in HTTP.
 *
 * @param lists those of the path, then those of the operation, which take their place
 */
export function parametersOf(lists: readonly unknown[], resolve: Resolve): ReadonlyMap<string, Parameter> {
  const parameters = new Map<string, Parameter>();
  for (const entry of lists.flatMap((list) => (Array.isArray(list) ? (list as unknown[]) : []))) {
    const { in: place, name, required, schema } = resolve(entry) ?? {};
    if (typeof place !== 'string' || typeof name !== 'string') continue;
    parameters.set(parameterKey(place, name), { in: place, name, isRequired: required === true, schema });
  }
  return parameters;
}

export function parameterKey(place: string, name: string): string {
  return `${place} ${place === 'header' ? name.toLowerCase() : name}`;
}
