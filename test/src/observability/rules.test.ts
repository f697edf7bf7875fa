import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findPrometheus } from '@goflow/testing';
import { describe, expect, test } from 'vitest';
import { levelOf, mistakesIn } from './expressions.js';
import { RULES, readRules } from './rule-files.js';

const TESTS = new URL('../../../deploy/prometheus/tests/', import.meta.url);
const { recorded, alerts } = readRules();
const names = recorded.map(({ name }) => name);

/** Runs promtool; rejects with what it says where it is not content. */
async function promtool(...args: string[]): Promise<string> {
  const { promtool: program } = await findPrometheus();
  const { stdout } = await promisify(execFile)(program, args);
  return stdout;
}

const pathsIn = (folder: URL): string[] =>
  readdirSync(folder).map((file) => fileURLToPath(new URL(file, folder)));

test('Prometheus can read the rules', async () => {
  const said = await promtool('check', 'rules', '--lint-fatal', ...pathsIn(RULES));
  const counts = [...said.matchAll(/SUCCESS: (\d+) rules found/g)].map(([, n]) => Number(n));
  expect(counts.reduce((sum, count) => sum + count)).toBe(recorded.length + alerts.length);
});

test('every alert fires when it should and not before: promtool test rules', async () => {
  const said = await promtool('test', 'rules', ...pathsIn(TESTS));
  expect(said.match(/SUCCESS/g)).toHaveLength(pathsIn(TESTS).length);
});

test.each([...recorded, ...alerts])('$name asks for what there is', ({ expr }) => {
  expect(expr).not.toBe('');
  expect(mistakesIn(expr, { recorded: names })).toEqual([]);
});

test.each(recorded)('$name has the labels that its name says', ({ name, expr }) => {
  const [, by = ''] = /\bby \(([^)]+)\)/.exec(expr) ?? [];
  expect(by.split(', ').filter((label) => !['le', 'state'].includes(label))).toEqual(levelOf(name));
});

describe.each(alerts)('$name', ({ name, text }) => {
  const runbook = readFileSync(new URL('../../../docs/alerts.md', import.meta.url), 'utf8');
  const cases = pathsIn(TESTS)
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');

  test('says how bad it is, what is wrong, and where it stands what to do', () => {
    expect(text).toMatch(/severity: (critical|warning|info)\n/);
    expect(text).toMatch(/summary: .+\n +description: .+\n/);
    expect(text).toContain(`runbook: docs/alerts.md#${name.toLowerCase()}\n`);
    const section = runbook.split('\n## ').find((one) => one.startsWith(`${name}\n`)) ?? '';
    const [, severity] = /severity: (\w+)/.exec(text) ?? [];
    const [, time] = /^ {8}for: (\w+)$/m.exec(text) ?? [];
    expect(section.split('\n')[2], name).toContain(
      `**${severity}**, ${time ? `for ${time}` : 'at once'}. `,
    );
    expect(section).toMatch(/\n\*\*Look:\*\* .+(?:\n.+)*\n\n\*\*Do:\*\* /);
  });

  test('has a case where it fires and one where it does not', () => {
    const outcomes = cases.matchAll(
      new RegExp(`alertname: ${name}\n +eval_time: \\w+\n +exp_alerts:(.*)`, 'g'),
    );
    const kinds = [...outcomes].map(([, what = '']) => (what.trim() === '[]' ? 'silent' : 'fires'));
    expect(new Set(kinds)).toEqual(new Set(['silent', 'fires']));
  });
});
