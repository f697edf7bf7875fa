/**
 * Characters that are not seen, and change how the text around them is: controls, what turns the direction of text, separators of lines.
 * Line breaks, tabs and the joiners that words and pictures are made with stay.
 */
const UNSEEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Text of others, such as a message or a name, with what cannot be seen in it written out: `\u202e`. Of JSON it is the same value. */
export function visible(text: string): string {
  return text.replace(
    UNSEEN,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The beginning of a text, marked where it is cut. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  // Half of a pair would be no character.
  const end = /[\ud800-\udbff]/.test(text[length - 1] ?? '') ? length - 1 : length;
  return `${text.slice(0, end)}…`;
}

/** Text of others in one line of a table. */
export const oneLine = (text: string, length = 200): string =>
  visible(cut(text, length).replace(/\s+/g, ' '));

/** As it may be read, and as it would be typed. */
export function prettyJson(value: unknown, indent = 2): string {
  try {
    return visible(JSON.stringify(value, undefined, indent) ?? '');
  } catch {
    // Nested deeper than the stack.
    return '';
  }
}
