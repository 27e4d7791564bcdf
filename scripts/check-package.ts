// Packs the package, checks what it holds, installs it in an empty folder without the optional packages, and uses it from
// there as a consumer does: by its types, as a library and by its programs.
import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import { installPackage, measureInstallation, readManifest } from './package/consumer.ts';
import { checkPrograms } from './package/programs.ts';
import { checkFiles, checkManifest, checkTypeResolution } from './package/tarball.ts';
import { checkTypes } from './package/types.ts';

const consumer = installPackage();
try {
  const size = measureInstallation(consumer.folder);
  checkFiles(consumer.tarball);
  await checkManifest(consumer.tarball);
  checkTypeResolution(consumer.tarball);
  checkPrograms(consumer);
  const types = `@types/node@${readManifest(consumer.folder).devDependencies['@types/node']}`;
  consumer.run('npm', 'install', '--no-audit', '--no-fund', '--silent', types);
  checkTypes(consumer, 'node16');
  checkTypes(consumer, 'bundler');
  process.stdout.write(
    `${basename(consumer.tarball)}: ${size}, imported, type-checked, started, answered.\n`,
  );
} finally {
  rmSync(consumer.folder, { recursive: true });
}
