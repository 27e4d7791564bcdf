import { pino } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import type { LogConfig, LogLevel } from '../config.ts';

export type Logger = PinoLogger;

/** JSON lines. Callers log no keys, headers, variables or bodies; `redact` is the second fence. */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: ['apiKey', '*.apiKey', 'headers', '*.headers'],
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** A logger to standard output in the format that is configured. */
export async function openLogger({ level, format }: LogConfig): Promise<Logger> {
  if (format === 'json') return createLogger(level);
  // Loaded only here: machines read JSON.
  const { createPrettyDestination } = await import('./pretty.ts');
  return createLogger(level, createPrettyDestination());
}
