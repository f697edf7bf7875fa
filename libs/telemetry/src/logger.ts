import type { Logger } from '@goflow/shared';
import { type DestinationStream, pino } from 'pino';

/** The levels that a log may be set to, the quietest last. */
export const LOG_LEVELS = Object.freeze(['debug', 'info', 'warn', 'error', 'silent'] as const);

/** One of {@link LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  /** @default 'info' */
  readonly level?: LogLevel | undefined;
  /** Added to every line. */
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
  /** Where lines go. @default standard output */
  readonly destination?: DestinationStream | undefined;
}

/** Fields that never reach a log, at the top and one level down. */
const SECRETS = ['password', 'token', 'authorization', 'secret'];

/** A logger that writes one line of JSON an event, with secrets blotted out. */
export function createLogger(options: LoggerOptions = {}): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: { ...options.fields },
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    options.destination ?? pino.destination(1),
  );
}
