/** Writes one structured line: fields first, then a message. pino's shape, so a pino logger is one. */
export type LogLine = (fields: object, message?: string) => void;

/** What goflow needs of a logger. Any pino logger will do. */
export interface Logger {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
  /** A logger that adds these fields to every line. */
  child(fields: object): Logger;
}

const nothing: LogLine = () => undefined;

/** Says nothing: the default wherever a logger is optional. */
export const SILENT_LOGGER: Logger = Object.freeze({
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => SILENT_LOGGER,
});
