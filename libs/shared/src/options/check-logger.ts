import type { Logger } from '../ports/logger.js';
import { invalidOption } from './invalid-option.js';

const METHODS = ['debug', 'info', 'warn', 'error', 'child'] as const;

/** Refuses what is no logger: else it would be found out when there is something to say. @throws OPTION_INVALID */
export function checkLogger(given: Logger): Logger {
  if (METHODS.every((method) => typeof given[method] === 'function')) return given;
  throw invalidOption('logger', `an object with ${METHODS.join(', ')}`, given);
}
