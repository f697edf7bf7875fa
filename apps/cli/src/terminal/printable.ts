import { oneLine } from './table.js';

/** Text of several lines, such as a stack, without what would steer a terminal. */
export function manyLines(text: string): string {
  return text.split(/\r?\n/).map(oneLine).join('\n');
}

/** Characters that JSON lets through, and that steer a terminal: C1 controls, line separators, and those that turn the direction of text. */
const STEERING = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** JSON that a terminal shows as it is: the same value when it is read again. Empty for `undefined`. */
export function jsonText(value: unknown, indent?: number): string {
  const json = JSON.stringify(value, undefined, indent) ?? '';
  return json.replaceAll(
    STEERING,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
