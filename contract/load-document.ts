import { readFile } from 'node:fs/promises';
import { parse, YAMLParseError } from 'yaml';
import { isObject } from '../src/shared/is-object.ts';
import { Uncheckable } from './uncheckable.ts';

const timeoutMs = 15_000;
const maxBytes = 32 * 1_048_576;

/**
 * Reads an OpenAPI 3 document.
 *
 * @param source an http(s) URL, or the path of a file; JSON or YAML
 * @throws {Uncheckable} when there is no such document
 */
export async function loadDocument(source: string): Promise<Readonly<Record<string, unknown>>> {
  const text = /^https?:/i.test(source) ? await download(source) : await readText(source);
  const document = parseText(text, source);
  const version = isObject(document) ? document['openapi'] : undefined;
  if (isObject(document) && typeof version === 'string' && /^3\.\d+(\.|$)/.test(version)) return document;
  if (isObject(document) && 'swagger' in document) {
    throw new Uncheckable(`${source} is Swagger 2: convert it to OpenAPI 3 first.`);
  }
  throw new Uncheckable(
    `${source} is no OpenAPI 3 document: ${version === undefined ? 'it has no "openapi" version' : `its version is ${JSON.stringify(version)}`}.`,
  );
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new Uncheckable(
      `Cannot read ${path}: ${codeOf(error)}. Give the path of a file or an http(s) URL.`,
    );
  }
}

async function download(url: string): Promise<string> {
  if (!URL.canParse(url)) throw new Uncheckable(`${url} is not a URL.`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Uncheckable(
        `${url} answers HTTP ${response.status}. Open it in a browser: is it the right address?`,
      );
    }
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk);
      size += chunk.byteLength;
      if (size > maxBytes) throw new Uncheckable(`${url} is larger than ${maxBytes} bytes.`);
    }
  } catch (error) {
    if (error instanceof Uncheckable) throw error;
    if (error instanceof DOMException && error.name === 'TimeoutError') {
      throw new Uncheckable(`${url} did not answer within ${timeoutMs / 1000} seconds. Try again later.`);
    }
    throw new Uncheckable(`Cannot fetch ${url}: ${codeOf(error)}. Check the address and the network.`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseText(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // YAML, then; it takes JSON too, but is slow at it.
  }
  try {
    return parse(text);
  } catch (error) {
    const place = error instanceof YAMLParseError ? error.linePos?.[0].line : undefined;
    throw new Uncheckable(
      `${source} is neither JSON nor YAML${place === undefined ? '' : `: see its line ${place}`}.`,
    );
  }
}

/** An error code such as ENOENT; of fetch's, the one of its cause. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.cause instanceof Error ? codeOf(error.cause) : error.message;
}
