import type { Tracing } from '../ports/tracing.js';
import { invalidOption } from './invalid-option.js';

/** @throws OPTION_INVALID */
export function checkTracing(given: Tracing | undefined): Tracing | undefined {
  const isTracing = typeof given?.push === 'function' && typeof given.attempt === 'function';
  if (given === undefined || isTracing) return given;
  throw invalidOption('tracing', 'what createTracing() returned', given);
}
