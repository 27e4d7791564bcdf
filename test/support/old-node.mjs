// Makes Node.js report an older version (`node --import test/support/old-node.mjs`), and prints each loaded module: an
// older Node.js might fail on modules that are loaded before the check of its version.
import { registerHooks } from 'node:module';

Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } });
registerHooks({
  load(url, context, nextLoad) {
    if (!url.startsWith('node:')) process.stdout.write(`${url.slice(url.lastIndexOf('/') + 1)}\n`);
    return nextLoad(url, context);
  },
});
