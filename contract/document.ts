import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { parse } from 'yaml';
import { isObject } from '../src/shared/is-object.ts';
import { Uncheckable } from './report.ts';

export type Node = Readonly<Record<string, unknown>>;

/** An OpenAPI 3 document. */
export interface Document {
  readonly root: Node;
  /**
   * Follows the references of a node; undefined for what is no object.
   *
   * @throws {Uncheckable} for a reference that leads nowhere
   */
  readonly resolve: (node: unknown) => Node | undefined;
  /** @throws {Uncheckable} for a schema that is malformed, or refers to nothing */
  readonly compile: (schema: unknown) => (value: unknown) => boolean;
}

/**
 * @param source an http(s) URL, or the path of a file; JSON or YAML
 * @throws {Uncheckable} when there is no such document
 */
export async function loadDocument(source: string): Promise<Document> {
  const text = await readText(source).catch((error: unknown) => {
    throw new Uncheckable(
      `Cannot read ${source}: ${codeOf(error)}. Give the path of a file or an http(s) URL.`,
    );
  });
  let root: unknown;
  try {
    root = parse(text);
  } catch {
    throw new Uncheckable(`${source} is neither JSON nor YAML.`);
  }
  const version = isObject(root) ? JSON.stringify(root['openapi'] ?? root['swagger']) : undefined;
  if (!isObject(root) || !/^"?3\./.test(version ?? '')) {
    throw new Uncheckable(`${source} is no OpenAPI 3 document: its version is ${version ?? 'missing'}.`);
  }
  return createDocument(root);
}

async function readText(source: string): Promise<string> {
  if (!/^https?:/i.test(source)) return await readFile(source, 'utf8');
  const response = await fetch(source, { signal: AbortSignal.timeout(15_000) });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return await response.text();
}

/** An error code such as ENOENT; of fetch's errors, the one of the cause. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause === undefined ? error.message : codeOf(error.cause);
}

/** @throws {Uncheckable} for a document that refers to another one */
export function createDocument(parsed: Node): Document {
  const root = JSON.parse(JSON.stringify(parsed), adapt) as Node;
  const ajv = new Ajv2020({ strict: false, logger: false });
  ajvFormats.default(ajv);
  // RFC 3339, but for the zone, which Pydantic leaves out of a date-time that has none.
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/);
  return {
    root,
    resolve(node) {
      let current = node;
      for (let steps = 0; isObject(current) && typeof current['$ref'] === 'string'; steps += 1) {
        const parts = current['$ref'].split('/').slice(1);
        const keys = parts.map((part) => decodeURI(part).replaceAll('~1', '/').replaceAll('~0', '~'));
        const target = keys.reduce<unknown>((found, key) => Reflect.get(Object(found), key), root);
        if (target === undefined || steps > 50) throw new Uncheckable(`${current['$ref']} leads nowhere`);
        current = target;
      }
      return isObject(current) ? current : undefined;
    },
    compile(schema) {
      try {
        // The document around a schema is what its references lead into.
        return ajv.compile(isObject(schema) ? { ...root, ...schema } : (schema as boolean));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Uncheckable(`its schema cannot be used: ${reason}`);
      }
    },
  };
}

function adapt(_key: string, node: unknown): unknown {
  if (!isObject(node)) return node;
  const { nullable, ...schema } = node;
  const reference = node['$ref'];
  if (typeof reference === 'string' && !reference.startsWith('#')) {
    throw new Uncheckable(
      `The document refers to another one, ${reference}: bundle them into one file first.`,
    );
  }
  // JSON Schema does not know OpenAPI 3.0's `nullable`.
  return nullable === true ? { anyOf: [schema, { type: 'null' }] } : node;
}
