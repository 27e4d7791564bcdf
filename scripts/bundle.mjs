// Bundles the programs and their imports into a few files in build/, or in another folder beside a package.json:
// `node scripts/bundle.mjs [folder]`. Production starts from them: loading 1,300 modules takes more than twice the time,
// and more memory. Prints the packages whose code it holds.
import { rmSync } from 'node:fs';
import process from 'node:process';
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
  checks: { circularDependency: false },
});
// Not minified, so that stacks stay readable.
// One folder, because the source reads package.json relative to itself.
const { output } = await bundle.write({ dir, format: 'esm', chunkFileNames: '[name].js' });
const modules = output.flatMap(({ moduleIds = [] }) => moduleIds);
const packages = new Set(
  modules.map((path) => /node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]),
);
for (const path of packages) if (path !== undefined) process.stdout.write(`${path}\n`);
