import { stripVTControlCharacters } from 'node:util';

/** Characters that steer a terminal, and that JSON lets through: C1 controls, line separators, and those that turn the direction of text. */
const STEERING = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u001f]/g;

/** What came from a task must not move the cursor, nor break or turn the line. */
export function oneLine(text: string): string {
  const bare = stripVTControlCharacters(text).replaceAll(CONTROLS, '\u007f');
  return bare.replaceAll(STEERING, '\u007f').replaceAll(/\u007f+/g, ' ');
}

/** Text of several lines, such as a stack, without what would steer a terminal. */
export function manyLines(text: string): string {
  return text.split(/\r?\n/).map(oneLine).join('\n');
}

/** JSON that a terminal shows as it is: the same value when it is read again. Empty for `undefined`. */
export function jsonText(value: unknown, indent?: number): string {
  const json = JSON.stringify(value, undefined, indent) ?? '';
  return json.replaceAll(
    STEERING,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
