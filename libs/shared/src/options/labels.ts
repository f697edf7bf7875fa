import type { WorkerLabels } from '../ports/fleet-broker.js';
import { invalidOption } from './invalid-option.js';

const MAX_LABELS = 8;
/** No comma and no equals sign: a flag names several. */
const WORD = /^[A-Za-z0-9][A-Za-z0-9_./-]{0,62}$/;

/** Tasks at once of one worker in one queue: more than this in one process is a mistake. */
export const MAX_CONCURRENCY = 10_000;

/**
 * The labels of a worker or of a scope: at most 8; keys and values are letters, digits, `_`, `.`, `/` and `-`, at most 63, the first of them a
 * letter or a digit.
 *
 * @throws OPTION_INVALID
 */
export function checkLabels(name: string, given: unknown): WorkerLabels {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalidOption(name, "an object such as { region: 'eu' }", given);
  const entries = Object.entries(given);
  if (entries.length > MAX_LABELS)
    throw invalidOption(name, `made of at most ${MAX_LABELS} labels`, entries.length);
  for (const word of entries.flat())
    if (typeof word !== 'string' || !WORD.test(word))
      throw invalidOption(name, 'made of letters, digits, `_`, `.`, `/`, `-`, at most 63', word);
  return Object.freeze(Object.fromEntries(entries));
}
