import { invalidOption } from './invalid-option.js';
import { hasWholeCharacters } from './whole-characters.js';

const MAX_TAGS = 10;
const MAX_TAG_LENGTH = 64;

/** True for a tag: 1 to 64 characters. */
export function isTag(value: unknown): value is string {
  const isText = typeof value === 'string' && value.length > 0 && value.length <= MAX_TAG_LENGTH;
  return isText && hasWholeCharacters(value);
}

/** The tags of a task, each once. @throws OPTION_INVALID */
export function checkTags(name: string, value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length > MAX_TAGS)
    throw invalidOption(name, `an array of at most ${MAX_TAGS} tags`, value);
  for (const tag of value)
    if (!isTag(tag))
      throw invalidOption(name, `made of strings of 1 to ${MAX_TAG_LENGTH} whole characters`, tag);
  return [...new Set<string>(value)];
}
