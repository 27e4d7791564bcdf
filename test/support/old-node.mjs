// Makes Node.js take itself for an older one (`node --import test/support/old-node.mjs`), and prints each module that is
// loaded: an older one might fail to parse or link what is loaded before its version is checked.
import { registerHooks } from 'node:module';

Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.19.0' } });
registerHooks({
  load(url, context, nextLoad) {
    if (!url.startsWith('node:')) process.stdout.write(`${url.slice(url.lastIndexOf('/') + 1)}\n`);
    return nextLoad(url, context);
  },
});
