import { isObject } from '../src/shared/is-object.ts';
import { Uncheckable, UncheckablePart } from './uncheckable.ts';

/** The node itself, or what its `$ref` leads to; undefined for anything that is not an object. */
export type Resolve = (node: unknown) => Readonly<Record<string, unknown>> | undefined;

/** Follows the references inside one document (RFC 6901 pointers after a `#`). */
export function createResolve(document: unknown): Resolve {
  return function resolve(node) {
    const followed = new Set<string>();
    let current = node;
    while (isObject(current) && typeof current['$ref'] === 'string') {
      const reference = current['$ref'];
      if (!reference.startsWith('#')) {
        throw new Uncheckable(
          `The document refers to another one, ${reference}: bundle them into one file first.`,
        );
      }
      if (followed.has(reference)) throw new UncheckablePart(`${reference} refers to itself`);
      followed.add(reference);
      current = lookUp(document, reference);
      if (current === undefined)
        throw new UncheckablePart(`refers to ${reference}, which the document lacks`);
    }
    return isObject(current) ? current : undefined;
  };
}

function lookUp(document: unknown, reference: string): unknown {
  let node = document;
  for (const part of reference.slice(1).split('/').slice(1)) {
    const key = decode(part).replaceAll('~1', '/').replaceAll('~0', '~');
    node =
      (isObject(node) || Array.isArray(node)) && Object.hasOwn(node, key)
        ? Reflect.get(node, key)
        : undefined;
  }
  return node;
}

/** A malformed escape stands for itself, and then leads nowhere. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
