import type { Report } from './difference.ts';
import type { Resolve } from './resolve-reference.ts';
import { checkPart, UncheckablePart } from './uncheckable.ts';

interface Parameter {
  /** `path`, `query`, `header` or `cookie`. */
  readonly in: string;
  readonly name: string;
  readonly isRequired: boolean;
  readonly schema: unknown;
}

interface CallParameters {
  /** By place and name; header names in lower case, as they count in HTTP. */
  readonly byKey: ReadonlyMap<string, Parameter>;
  /** Whether all of them could be read. */
  readonly areComplete: boolean;
}

/**
 * The parameters of a call.
 *
 * @param lists those of the path, then those of the operation, which take their place
 */
export function parametersOf(
  lists: readonly unknown[],
  resolve: Resolve,
  where: string,
  report: Report,
): CallParameters {
  const byKey = new Map<string, Parameter>();
  let areComplete = true;
  for (const list of lists) {
    const own = new Map<string, Parameter>();
    for (const entry of Array.isArray(list) ? (list as unknown[]) : []) {
      const isRead = checkPart(report, where, () => {
        const { in: place, name, required, schema = {} } = resolve(entry) ?? {};
        if (typeof place !== 'string' || typeof name !== 'string') {
          throw new UncheckablePart('has a parameter without a name or a place');
        }
        const key = parameterKey(place, name);
        const twin = own.get(key);
        if (twin !== undefined) report('uncheckable', `${where} ${place} ${name}`, 'is declared twice');
        own.set(key, {
          in: place,
          name,
          // Of two declarations the milder one may be right.
          isRequired: required === true && twin?.isRequired !== false,
          schema: twin === undefined ? schema : { anyOf: [twin.schema, schema] },
        });
      });
      areComplete &&= isRead;
    }
    for (const [key, parameter] of own) byKey.set(key, parameter);
  }
  return { byKey, areComplete };
}

export function parameterKey(place: string, name: string): string {
  return `${place} ${place === 'header' ? name.toLowerCase() : name}`;
}
