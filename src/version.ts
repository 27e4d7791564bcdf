import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
  engines: { node: string };
};

/** The version in package.json; sent upstream in the user agent. */
export const version: string = manifest.version;

/** The oldest Node.js that `engines` in package.json allows, such as `>=24.1`, part by part. */
export const requiredNode: readonly number[] = manifest.engines.node.replace('>=', '').split('.').map(Number);
