import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isSupported } from '../shared/command-line.ts';
import { requiredNode } from '../version.ts';

/** The parts of the process that say which Node.js there is. */
type CurrentNode = Pick<NodeJS.Process, 'execPath' | 'versions' | 'cwd'>;

/**
 * Finds a Node.js for the gateway: the current one, or the one of the npm package `node`, where tests run on an older one.
 *
 * @returns the path of its executable
 * @throws an Error that says what is needed
 */
export function findNode({ execPath, versions, cwd }: CurrentNode): string {
  if (isSupported(versions.node)) return execPath;
  // Beside this package, and beside the tests: package managers that hoist nothing have it there alone.
  for (const from of [import.meta.url, join(cwd(), 'package.json')]) {
    const installed = findInstalled(from);
    if (installed !== undefined) return installed;
  }
  const [major] = requiredNode;
  throw new Error(
    `startTestGateway needs Node.js ${major} or newer, and this is Node.js ${versions.node}: ` +
      `install one for the tests alone with \`npm install --save-dev node@${major}\`.`,
  );
}

function findInstalled(from: string): string | undefined {
  let file: string;
  try {
    file = createRequire(from).resolve('node/package.json');
  } catch {
    return undefined;
  }
  const { version, bin } = JSON.parse(readFileSync(file, 'utf8')) as {
    version: string;
    bin: { node: string };
  };
  const executable = join(dirname(file), bin.node);
  // An installation without scripts leaves it out.
  return isSupported(version) && existsSync(executable) ? executable : undefined;
}
