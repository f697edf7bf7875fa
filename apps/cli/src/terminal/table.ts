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
  /** It is not cut to fewer characters than this, where leaving out later columns helps; `Infinity` of what is typed again, such as ids. @default 8 */
  readonly least?: number;
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
  const widths = fit(
    all.map(({ least = LEAST_WIDTH }, at) => ({ longest: longestOfAll[at] ?? 0, least })),
    canvas.width,
  );
  const columns = all.slice(0, widths.length);
  const cells = allCells.map((cell) => cell.slice(0, widths.length));
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

/** A width for each column that there is room for. */
function fit(
  columns: readonly { readonly longest: number; readonly least: number }[],
  total: number | undefined,
): readonly number[] {
  if (total === undefined) return columns.map(({ longest }) => longest);
  const fitted: { width: number; readonly least: number }[] = [];
  let room = total;
  for (const column of columns) {
    const wanted = Math.min(column.longest, column.least);
    if (fitted.length > 0 && room < Math.min(wanted, LEAST_WIDTH)) break;
    const least = Math.min(wanted, room);
    fitted.push({ width: column.longest, least });
    room -= least + GAP.length;
  }
  let over = sum(fitted.map(({ width }) => width + GAP.length)) - GAP.length - total;
  while (over > 0) {
    const widest = fitted.filter(({ width, least }) => width > least).toSorted(byWidth)[0];
    if (widest === undefined) break;
    const less = Math.min(over, widest.width - widest.least);
    widest.width -= less;
    over -= less;
  }
  return fitted.map(({ width }) => width);
}

const byWidth = (a: { readonly width: number }, b: { readonly width: number }): number =>
  b.width - a.width;
const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, width - 1)}…`;
const pad = (text: string, width: number, align: 'left' | 'right' = 'left'): string =>
  align === 'left' ? text.padEnd(width) : text.padStart(width);
