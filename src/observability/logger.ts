import { pino, stdSerializers } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import type { LogConfig, LogLevel } from '../config/index.ts';
import { createOutput } from './output.ts';
import type { Output } from './output.ts';

/** Writes one line: the message, with fields of its own. An `Error` is in the field `err`. */
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
  /** Saves making lines that are not written. @default all are */
  isLevelEnabled?(level: string): boolean;
}

/**
 * Logs JSON lines. Callers log no keys, headers, variables or bodies; `redact` is the second fence.
 *
 * @param destination where lines go. @default standard output
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

/** An error of the embedding program's may have getters that throw. */
function serializeError(error: Error): unknown {
  try {
    return stdSerializers.err(error);
  } catch {
    return 'an error that cannot be read';
  }
}

/** Creates a logger to standard output in the configured format. Its `flush` writes what still waits there. */
export async function openLogger({ level, format }: LogConfig): Promise<PinoLogger> {
  if (format === 'json') return createLogger(level);
  // Loaded only here: machines read JSON.
  const { createPrettyDestination } = await import('./pretty.ts');
  const logger: PinoLogger = createLogger(level, createPrettyDestination(openLogOutput(() => logger)));
  return logger;
}

/** Opens standard output for a log that says so when it loses lines: at once on standard error, later in itself. */
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
