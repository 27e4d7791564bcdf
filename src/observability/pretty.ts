import { pino } from 'pino';
import type { DestinationStream } from 'pino';
import { isColorSupported, prettyFactory } from 'pino-pretty';

/** Standard output, with each line put into words for people. It writes at once: no line is lost in a crash. */
export function createPrettyDestination(): DestinationStream {
  const output = pino.destination({ fd: 1, sync: true });
  const format = prettyFactory({
    colorize: isColorSupported,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
  });
  return { write: (line) => void output.write(format(line)) };
}
