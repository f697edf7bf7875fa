import type { Colour } from './output.js';
import { oneLine } from './printable.js';

/** One column of a table. */
export interface TableColumn<Row> {
  readonly title: string;
  readonly text: (row: Row) => string;
  /** @default no colour */
  readonly colour?: ((row: Row) => Colour | undefined) | undefined;
  /** Numbers stand on the right. @default 'left' */
  readonly align?: 'left' | 'right';
}

/** What a table needs to know of where it is shown. */
interface Canvas {
  readonly width: number | undefined;
  paint(colour: Colour, text: string): string;
}

const GAP = '  ';
const LEAST_WIDTH = 8;

/**
 * Lines of a table that is as wide as it must be; on a terminal its widest columns are cut, with `…`, until it fits, and the last ones
 * left out where even that is not enough.
 */
export function formatTable<Row>(
  rows: readonly Row[],
  all: readonly TableColumn<Row>[],
  canvas: Canvas,
): string[] {
  const allCells = rows.map((row) => all.map(({ text }) => oneLine(text(row))));
  const longestOfAll = all.map(({ title }, at) =>
    allCells.reduce((most, cell) => Math.max(most, cell[at]?.length ?? 0), title.length),
  );
  const count = howManyFit(longestOfAll, canvas.width);
  const columns = all.slice(0, count);
  const cells = allCells.map((cell) => cell.slice(0, count));
  const longest = longestOfAll.slice(0, count);
  const widths = fit(longest, canvas.width);
  const toLine = (texts: readonly string[], paint: (at: number, text: string) => string): string =>
    texts
      .map((text, at) =>
        paint(at, pad(cut(text, widths[at] ?? 0), widths[at] ?? 0, columns[at]?.align)),
      )
      .join(GAP)
      .trimEnd();
  const head = toLine(
    columns.map(({ title }) => title),
    (_at, text) => canvas.paint('dim', text),
  );
  const body = cells.map((cell, index) =>
    toLine(cell, (at, text) => {
      const colour = columns[at]?.colour?.(rows[index] as Row);
      return colour ? canvas.paint(colour, text) : text;
    }),
  );
  return [head, ...body];
}

function howManyFit(widths: readonly number[], total = Number.POSITIVE_INFINITY): number {
  let used = 0;
  for (const [at, width] of widths.entries()) {
    used += Math.min(width, LEAST_WIDTH) + (at === 0 ? 0 : GAP.length);
    if (used > total) return Math.max(at, 1);
  }
  return widths.length;
}

function fit(widths: readonly number[], total: number | undefined): readonly number[] {
  if (total === undefined) return widths;
  const fitted = [...widths];
  const room = total - GAP.length * (widths.length - 1);
  while (sum(fitted) > room) {
    const widest = fitted.indexOf(Math.max(...fitted));
    if ((fitted[widest] ?? 0) <= LEAST_WIDTH) break;
    fitted[widest] = Math.max(LEAST_WIDTH, (fitted[widest] ?? 0) - (sum(fitted) - room));
  }
  return fitted;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, width - 1)}…`;
const pad = (text: string, width: number, align: 'left' | 'right' = 'left'): string =>
  align === 'left' ? text.padEnd(width) : text.padStart(width);
