import { startSupergraph } from '../start-supergraph.ts';
import type { StartGateway } from '../start-supergraph.ts';
import { testAnswers } from './answers.ts';
import { testCallers } from './callers.ts';
import { testErrors } from './errors.ts';
import { readGuide } from './guide.ts';
import type { StartWith } from './start-with.ts';

/**
 * Tests what has to hold behind every gateway.
 *
 * @param name as the guide's tables have it
 */
export function testScenarios(name: string, start: StartGateway): void {
  const guide = readGuide(name);
  const startWith: StartWith = (calls, options) => startSupergraph(start, calls, options);
  testAnswers(startWith, guide);
  testErrors(startWith, guide);
  testCallers(startWith, guide);
}
