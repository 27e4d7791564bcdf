import { isColorSupported, prettyFactory } from 'pino-pretty';
import type { Output } from './output.ts';

/** Creates a destination that formats each line for people. */
export function createPrettyDestination(output: Output): Output {
  const format = prettyFactory({
    colorize: isColorSupported,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
  });
  return { write: (line) => output.write(format(line)), flush: () => output.flush() };
}
