// Makes Node.js find none of the optional packages, as where an embedder has not installed them
// (`node --import ./test/support/without-packages.mjs`).
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

const { peerDependenciesMeta } = JSON.parse(readFileSync('package.json', 'utf8'));
registerHooks({
  resolve(specifier, context, nextResolve) {
    if (!(specifier in peerDependenciesMeta)) return nextResolve(specifier, context);
    const error = new Error(`Cannot find package '${specifier}' imported from ${context.parentURL}`);
    throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' });
  },
});
