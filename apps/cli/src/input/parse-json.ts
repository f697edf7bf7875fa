import { findJsonFault, GoflowError, type JsonFault } from '@goflow/shared';

/** Where a text of JSON comes from. */
export interface JsonSource {
  /** What it is called: the name of a file, `stdin`, `PAYLOAD`. */
  readonly name: string;
  /** Its first line is this line of its source. @default 1 */
  readonly line?: number | undefined;
  /** It came through a shell, which takes quotes away. @default false */
  readonly isArgument?: boolean | undefined;
}

/** @throws OPTION_INVALID with the line and the column of what is wrong, and that line, marked */
export function parseJson(text: string, source: JsonSource): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const fault = findJsonFault(text) ?? { at: 0, expected: `JSON (${(error as Error).message})` };
    throw toError(text, fault, source);
  }
}

function toError(text: string, fault: JsonFault, source: JsonSource): GoflowError {
  const before = text.slice(0, fault.at);
  const start = before.lastIndexOf('\n') + 1;
  const line = before.split('\n').length - 1 + (source.line ?? 1);
  const column = Array.from(text.slice(start, fault.at)).length + 1;
  const parts = [
    `invalid JSON in ${source.name}, line ${line}, column ${column}: expected ${fault.expected}`,
    ...marked(text.slice(start).split('\n', 1)[0] ?? '', column - 1),
    ...hint(text, fault, source),
  ];
  return new GoflowError('OPTION_INVALID', parts.join('\n'), { details: { line, column } });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: each becomes one space, so that the mark stands where it belongs
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const BEFORE = 40;
const AFTER = 30;

/** The part of a line around a column, and a mark below it. */
function marked(line: string, column: number): string[] {
  const shown = Array.from(line, (character) => character.replace(CONTROL, ' '));
  const from = Math.max(0, column - BEFORE);
  const to = Math.min(shown.length, column + AFTER);
  const head = from > 0 ? '…' : '';
  const tail = to < shown.length ? '…' : '';
  return [
    `  ${head}${shown.slice(from, to).join('')}${tail}`,
    `  ${' '.repeat(column - from + head.length)}^`,
  ];
}

const LONGEST_SHOWN = 40;

function hint(text: string, { at }: JsonFault, { isArgument = false }: JsonSource): string[] {
  const bare = text.trim();
  const isText = text.slice(0, at).trim() === '' && /^[^\s"{[\]}]/.test(bare);
  if (isText) {
    const isShown = bare.length <= LONGEST_SHOWN && !/['\n]/.test(bare);
    const quoted = JSON.stringify(isShown ? bare : 'text');
    return [`A text needs quotes: ${isArgument ? `'${quoted}'` : quoted}`];
  }
  if (isArgument && /^[{[]/.test(bare) && !bare.includes('"'))
    return [
      `The shell takes double quotes away: put single quotes around the whole, '{"name": "value"}'`,
    ];
  return [];
}
