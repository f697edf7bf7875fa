import { GoflowError } from '../errors/goflow-error.js';
import { meantBy } from './suggest.js';

/**
 * The one sentence with which goflow refuses an option: the name, the rule, the value and its type.
 *
 * @example throw invalidOption('concurrency', 'an integer from 0 to 10,000', 1.5);
 */
export function invalidOption(name: string, rule: string, value: unknown): GoflowError {
  return refusal({ name, rule, value, hint: '' });
}

interface Refusal {
  readonly name: string;
  readonly rule: string;
  readonly value: unknown;
  /** What else there is to say; begins with what parts it from the sentence. */
  readonly hint: string;
}

function refusal({ name, rule, value, hint }: Refusal): GoflowError {
  const given = show(value);
  const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  return new GoflowError(
    'OPTION_INVALID',
    `Expected \`${name}\` to be ${rule}, got ${given} (${type})${hint}`,
    {
      details: { option: name, rule },
    },
  );
}

/** A short, safe rendering of a value; never more than 80 characters. */
function show(value: unknown): string {
  if (typeof value === 'string') return `"${value.length > 60 ? `${value.slice(0, 60)}…` : value}"`;
  if (typeof value === 'function') return 'a function';
  if (value instanceof Promise) return 'a Promise';
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'an array' : 'an object';
  return `\`${String(value)}\``;
}

/** Refuses anything but an integer within the limits, both included. */
export function checkInteger(
  name: string,
  value: unknown,
  [min, max]: readonly [min: number, max: number],
): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max)
    return value;
  const rule = `an integer from ${min.toLocaleString('en')} to ${max.toLocaleString('en')}`;
  throw invalidOption(name, rule, value);
}

/** Refuses what is no object, and names that are not known, so that a misspelt option is not silently ignored. */
export function checkKnown(what: string, given: object, known: readonly string[]): void {
  if (typeof given !== 'object' || given === null) throw invalidOption(what, 'an object', given);
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const meant = meantBy(key, known);
    const hint = meant === '' ? '' : `;${meant}`;
    throw refusal({ name: what, rule: `made of ${known.join(', ')}`, value: key, hint });
  }
}
