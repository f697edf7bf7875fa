import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { LIMITS } from '../../../scripts/dashboards/limits.mjs';
import { dashboards } from '../../../scripts/dashboards.mjs';
import { BOARDS, type Board, exprsOf, targetsOf } from './boards.js';
import { missingFrom, mistakesIn } from './expressions.js';
import { readRules } from './rule-files.js';

// Nothing tells that a panel stays empty because its metric has another name: only this, and live-alerts.test.ts.

test('what is committed is what `npm run dashboards` makes', () => {
  const made = dashboards();
  const committed = readdirSync(BOARDS).map((file) => [
    file,
    readFileSync(new URL(file, BOARDS), 'utf8'),
  ]);
  expect(Object.fromEntries(committed)).toEqual(made);
});

const boards = Object.entries(dashboards()).map(
  ([file, text]) => [file, JSON.parse(text) as Board] as const,
);

test('every metric of the catalogue is shown somewhere', () => {
  expect(missingFrom(boards.flatMap(([, board]) => exprsOf(board)))).toEqual([]);
});

test('the lines in the panels are where the alerts fire', () => {
  const { alerts } = readRules();
  for (const [name, limit] of Object.entries(LIMITS)) {
    const found = alerts.find((alert) => alert.name === name);
    expect(found?.expr, name).toMatch(new RegExp(` > ${limit}(?: |$)`));
  }
});

describe.each(boards)('%s', (file, board) => {
  test.each(targetsOf(board))(
    '$title: $legendFormat asks for what there is',
    ({ expr, legendFormat }) => {
      const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
      expect(mistakesIn(expr, { shown })).toEqual([]);
    },
  );

  test('asks for what there is in its variables', () => {
    const asked = board.templating.list.flatMap(({ definition }) => definition ?? []);
    expect(asked.flatMap((expr) => mistakesIn(`${expr} rate(`)).filter(isNoRate)).toEqual([]);
  });

  test('has panels of different ids, each with a question and a word on what to do', () => {
    const ids = board.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const panels = board.panels.filter(({ type }) => type !== 'row');
    expect(panels.filter(({ targets = [] }) => targets.length === 0)).toEqual([]);
    for (const { title, description = '' } of panels) expect(description, title).toMatch(/\.$/);
  });

  test('is found under its name, and leads to the others and to goflow', () => {
    expect(file).toBe(`${board.uid}.json`);
    expect(board.tags).toEqual(['goflow']);
    expect(board.links.map(({ type }) => type)).toEqual(['dashboards', 'link']);
    expect(board.links[1]?.url).toMatch(/^\$\{gateway\}\/dashboard/);
  });
});

const isNoRate = (mistake: string): boolean => !mistake.endsWith('without a rate');
