// Writes the software bill of materials, in CycloneDX's JSON, beside the bundle: `npm run sbom`. It lists what the image
// runs on; an installation of the package has the same but for the optional packages. Works on a clean clone.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { writeRuntimeLock } from './runtime-lock.mjs';

const [file = 'build/sbom.cdx.json'] = process.argv.slice(2);
const parent = mkdtempSync(join(tmpdir(), 'sbom-'));
// npm names the root component after its folder.
const folder = join(parent, 'bluejay-graphql');
try {
  mkdirSync(folder);
  writeRuntimeLock(folder);
  // Not from the whole lockfile with `--omit dev`: npm then leaves out all that a development dependency needs, too.
  const options = ['--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
  const text = execFileSync('npm', ['sbom', ...options], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 16_777_216,
  });
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
  process.stdout.write(`${file}: ${JSON.parse(text).components.length} components\n`);
} finally {
  rmSync(parent, { recursive: true });
}
