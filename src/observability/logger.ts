import { pino, stdSerializers } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import type { LogConfig, LogLevel } from '../config/index.ts';
import { createOutput } from './output.ts';
import type { Output } from './output.ts';

export type Logger = PinoLogger;

/**
 * Logs JSON lines. Callers log no keys, headers, variables or bodies; `redact` is the second fence.
 *
 * @param destination where lines go. @default standard output
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const logger: Logger = pino(
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
export async function openLogger({ level, format }: LogConfig): Promise<Logger> {
  if (format === 'json') return createLogger(level);
  // Loaded only here: machines read JSON.
  const { createPrettyDestination } = await import('./pretty.ts');
  const logger: Logger = createLogger(level, createPrettyDestination(openLogOutput(() => logger)));
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
