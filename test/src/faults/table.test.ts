import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

// The table of faults in docs/reliability.md: every fault is in it once, and what is said to show it exists.

const root = fileURLToPath(new URL('../../../', import.meta.url));
const page = readFileSync(`${root}docs/reliability.md`, 'utf8');

interface Row {
  readonly id: string;
  readonly cells: readonly string[];
  /** The last cell: test files, or why there is none. */
  readonly shownBy: string;
}

const rows = page
  .split('\n')
  .filter((line) => /^\| F\d\d \|/.test(line))
  .map((line): Row => {
    const cells = line.split('|').map((cell) => cell.trim());
    return { id: cells[1] ?? '', cells: cells.slice(1, -1), shownBy: cells.at(-2) ?? '' };
  });

const filesOf = ({ shownBy }: Row): readonly string[] =>
  [...shownBy.matchAll(/`([^`]+)`/g)].map(([, file]) => file ?? '');

/** A name without a folder of its own lies in the tests. */
const isThere = (file: string): boolean =>
  [`test/src/${file}.test.ts`, `${file}.test.ts`].some((path) => existsSync(root + path));

test('every fault from F01 to F60 stands in the table once, in order, with seven cells', () => {
  const ids = Array.from({ length: 60 }, (_, index) => `F${String(index + 1).padStart(2, '0')}`);
  expect(rows.map(({ id }) => id)).toEqual(ids);
  expect(rows.filter(({ cells }) => cells.length !== 7)).toEqual([]);
  expect(rows.filter(({ cells }) => cells.includes(''))).toEqual([]);
});

test('each names tests that exist, or says why there is none', () => {
  const missing = rows.flatMap((row) => filesOf(row).filter((file) => !isThere(file)));
  expect(missing).toEqual([]);
  const unshown = rows.filter((row) => filesOf(row).length === 0);
  expect(unshown.map(({ id, shownBy }) => [id, shownBy])).toEqual([
    ['F15', 'no such face: goflow runs no children'],
    ['F59', 'not yet: no such face'],
  ]);
});
