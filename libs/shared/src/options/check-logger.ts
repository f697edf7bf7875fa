import type { Logger } from '../ports/logger.js';
import { invalidOption } from './invalid-option.js';

const METHODS = ['debug', 'info', 'warn', 'error', 'child'] as const;

/** Refuses what is no logger: else it would be found out when there is something to say. @throws OPTION_INVALID */
export function checkLogger(given: Logger): Logger {
  const missing = METHODS.filter((method) => typeof given[method] !== 'function');
  if (missing.length === 0) return given;
  const isNear = missing.length < METHODS.length;
  const lacks = isNear ? `, and it has no \`${missing.join('`, `')}\`` : '';
  const rule = `an object with ${METHODS.join(', ')}, such as pino() makes${lacks}`;
  throw invalidOption('logger', rule, given);
}
