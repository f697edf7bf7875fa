import {
  checkLabels,
  checkQueueName,
  type DurationLimits,
  GoflowError,
  invalidOption,
  toMs,
  type WorkerLabels,
} from '@goflow/shared';
import { LOG_LEVELS, type LogLevel } from '@goflow/telemetry/logger';
import { checkConcurrency } from '../concurrency/concurrency-options.js';

// How the texts of flags and variables are read. All of these throw OPTION_INVALID.

/** A text that is not empty. */
export function readText(value: string): string {
  if (value.trim() !== '') return value;
  throw new GoflowError('OPTION_INVALID', 'expected a text, got nothing');
}

/** `20`, or by queue: `default=10,images=2`. */
export function readConcurrency(value: string): number | Record<string, number> {
  if (!value.includes('=')) return checkConcurrency(toNumber(value));
  const sizes = readPairs(value).map(([name, size]) => {
    const queue = checkQueueName('queue', name);
    return [queue, checkConcurrency(toNumber(size), queue)] as const;
  });
  return Object.fromEntries(sizes);
}

/** `region=eu,tier=a`. */
export function readLabels(value: string): WorkerLabels {
  return checkLabels('labels', Object.fromEntries(readPairs(value)));
}

/** `a=b,c=d`, each name once. */
function readPairs(value: string): (readonly [name: string, value: string])[] {
  const pairs = new Map<string, string>();
  for (const pair of value.split(',')) {
    const [name = '', ...rest] = pair.split('=');
    if (pairs.has(name.trim())) throw invalidOption(name.trim(), 'given once', value);
    pairs.set(name.trim(), rest.join('=').trim());
  }
  return [...pairs];
}

/** Digits only: `Number('')` is 0, and a mistake. */
export const toNumber = (value: string): unknown =>
  /^\d+$/.test(value.trim()) ? Number(value) : value;

/** `1500`, in milliseconds, or `3s`. */
export function readDuration(name: string, value: string, limits: DurationLimits): number {
  return toMs(name, toNumber(value), limits);
}

/** `on` or `off`. */
export function readOnOff(value: string): boolean {
  if (value === 'on' || value === 'off') return value === 'on';
  throw new GoflowError('OPTION_INVALID', `expected on or off, got "${value}"`);
}

/** One of the levels of a log. */
export function readLogLevel(value: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === value);
  if (level) return level;
  throw new GoflowError(
    'OPTION_INVALID',
    `expected one of ${LOG_LEVELS.join(', ')}, got "${value}"`,
  );
}
