// Puts the programs and all that they import into a few files in build/, or in another folder beside a package.json:
// `node scripts/bundle.mjs [folder]`. Production starts from them: its 1,300 modules one by one take more than twice the
// time, and more memory.
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const pathOf = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const [dir = pathOf('build')] = process.argv.slice(2);

rmSync(dir, { recursive: true, force: true });
const bundle = await rolldown({
  input: {
    main: pathOf('src/main.ts'),
    doctor: pathOf('src/doctor/main.ts'),
    sandbox: pathOf('src/sandbox/main.ts'),
  },
  platform: 'node',
  external: /^node:/,
  // A dependency's business: protobufjs looks for modules that may be absent with eval.
  checks: { eval: false, circularDependency: false },
});
// Not minified: what an error's stack shows must be readable.
// In one folder: the source asks for package.json relative to itself.
await bundle.write({ dir, format: 'esm', chunkFileNames: '[name].js' });
