import type { TestProject } from 'vitest/node';
import { bundlePrograms } from './programs.ts';

/** Bundles the programs before the first test, and before those that watch mode repeats. */
export default function setUp(project: TestProject): void {
  bundlePrograms();
  project.onTestsRerun(async () => bundlePrograms());
}
