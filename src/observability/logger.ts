import { pino, stdSerializers } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import type { LogConfig, LogLevel } from '../config/index.ts';
import { createOutput } from './output.ts';
import type { Output } from './output.ts';

/** Writes a line with a message and fields. An `Error` is in the field `err`. */
interface LogMethod {
  (fields: object, message: string): void;
  (message: string): void;
}

/** Any logger with these five of pino's methods. */
export interface Logger {
  debug: LogMethod;
  info: LogMethod;
  warn: LogMethod;
  error: LogMethod;
  fatal: LogMethod;
  /** Returns whether a level is written, which saves the work for other lines. @default all levels are */
  isLevelEnabled?(level: string): boolean;
}

/**
 * Creates a logger of JSON lines. Callers log no keys, headers, variables or bodies; `redact` is a second safeguard.
 *
 * @param level the lowest level that is written
 * @param destination receives the lines. @default standard output
 * @example
 * const gateway = await createGateway({}, { logger: createLogger('warn') });
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): PinoLogger {
  const logger: PinoLogger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
      serializers: { err: serializeError },
      redact: ['apiKey', '*.apiKey', 'headers', '*.headers'],
    },
    destination ?? openLogOutput(() => logger),
  );
  return logger;
}

/** Serializes an error of the embedding program, whose getters may throw. */
function serializeError(error: Error): unknown {
  try {
    return stdSerializers.err(error);
  } catch {
    return 'an error that cannot be read';
  }
}

/** Creates a logger to standard output in the configured format. Its `flush` writes the lines that still wait. */
export async function openLogger({ level, format }: LogConfig): Promise<PinoLogger> {
  if (format === 'json') return createLogger(level);
  // Loaded on demand, because production logs JSON.
  const { createPrettyDestination } = await import('./pretty.ts');
  const logger: PinoLogger = createLogger(level, createPrettyDestination(openLogOutput(() => logger)));
  return logger;
}

/** Opens standard output for a log. Lost lines are reported on standard error at once, and later in the log itself. */
function openLogOutput(logger: () => Logger): Output {
  let isLossReported = false;
  return createOutput('stdout', {
    onLoss(code) {
      if (isLossReported) return;
      isLossReported = true;
      const reason = code === 'EAGAIN' ? 'its reader is too slow' : code;
      createOutput('stderr').write(`Lines of the log are lost: standard output takes none (${reason}).\n`);
    },
    onRecovery: (lostLines) => logger().warn({ lostLines }, 'lines of the log were lost'),
  });
}
