import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import { jsonText } from './printable.js';
import { formatTable, type TableColumn } from './table.js';

/** Where a command writes to. */
export interface OutputOptions {
  readonly stdout: Writable & {
    readonly isTTY?: boolean;
    readonly columns?: number;
    readonly rows?: number;
  };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  /** Aborts when nobody reads stdout any more: what is said there then is dropped. */
  readonly unread: AbortSignal;
  readonly json: boolean;
  /** Whether colours are wanted: see {@link wantsColour}. */
  readonly colour: boolean;
}

export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold';

/** Of a terminal that does not say how large it is: those of containers often tell 0. */
const [COLUMNS, LINES] = [80, 24];

/** ECMA-48, EL: from the cursor to the end of its line. */
const ERASE_LINE = '\u001b[K';

/** Answers on stdout, everything else on stderr, so that a pipe gets answers only. */
export class Output {
  readonly json: boolean;
  readonly #options: OutputOptions;
  #hasStatus = false;

  constructor(options: OutputOptions) {
    this.#options = options;
    this.json = options.json;
  }

  /** Somebody looks at stdout; nobody pipes it. */
  get isTerminal(): boolean {
    return this.#options.stdout.isTTY === true;
  }

  /** Somebody looks at stderr. */
  get isWatched(): boolean {
    return this.#options.stderr.isTTY === true;
  }

  /** Columns of the terminal; `undefined` without one: nothing is cut then. */
  get width(): number | undefined {
    return this.isTerminal ? this.#options.stdout.columns || COLUMNS : undefined;
  }

  /** Lines of the terminal. */
  get height(): number {
    return this.#options.stdout.rows || LINES;
  }

  /** As it is: for what moves the cursor. */
  raw(text: string): void {
    const { stdout, unread } = this.#options;
    if (!unread.aborted) stdout.write(text);
  }

  /** One line of an answer for people. */
  line(text = ''): void {
    this.status('');
    this.raw(`${text}\n`);
  }

  /** One JSON document, on a line of its own. */
  document(value: unknown): void {
    this.line(jsonText(value));
  }

  /** The answer: as JSON where that was asked for, else as lines for people. */
  answer(value: unknown, lines: () => readonly string[]): void {
    if (this.json) this.document(value);
    else for (const text of lines()) this.line(text);
  }

  /** Many answers: a line of JSON for each, or a table. `empty` is said when there are none. */
  rows<Row>(rows: readonly Row[], columns: readonly TableColumn<Row>[], empty: string): void {
    if (this.json) for (const row of rows) this.document(row);
    else if (rows.length === 0) this.note(empty);
    else for (const text of formatTable(rows, columns, this)) this.line(text);
  }

  /** Something to know that is no answer: on stderr. */
  note(text: string): void {
    this.status('');
    this.#options.stderr.write(`${text}\n`);
  }

  /** How far something is, on a terminal only: each takes the place of the one before, and anything else that is said. `''` takes it away. */
  status(text: string): void {
    const { stderr } = this.#options;
    if (stderr.isTTY !== true || (text === '' && !this.#hasStatus)) return;
    this.#hasStatus = text !== '';
    stderr.write(`\r${ERASE_LINE}${text.slice(0, (stderr.columns || COLUMNS) - 1)}`);
  }

  /** A question on stderr: the answer is written behind it. */
  prompt(text: string): void {
    this.status('');
    this.#options.stderr.write(text);
  }

  /** Resolves when whoever reads stdout has room: to be awaited by those who write much; at once when nobody reads any more. */
  async drained(): Promise<void> {
    const { stdout, unread } = this.#options;
    if (unread.aborted || !stdout.writableNeedDrain) return;
    await once(stdout, 'drain', { signal: unread }).catch((error: unknown) => {
      if (!unread.aborted) throw error;
    });
  }

  paint(colour: Colour, text: string): string {
    // The decision is made once, for both streams: styleText must not make another.
    return this.#options.colour ? styleText(colour, text, { validateStream: false }) : text;
  }
}

/** NO_COLOR (no-color.org) wins, then FORCE_COLOR; else only a terminal gets colours. */
export function wantsColour(
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR && env.FORCE_COLOR !== '0') return true;
  return isTerminal && env.TERM !== 'dumb';
}
