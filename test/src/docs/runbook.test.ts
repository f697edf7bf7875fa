import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../../scripts/run-program.mjs';
import { FAULTS, PROOFS } from './runbook-faults.js';
import { missingPrograms, RunbookMachine } from './runbook-machine.js';
import { notSaid, runbookOf } from './runbook-page.js';

const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');
const sections = runbookOf(page, 'sh');
const missing = missingPrograms();

test('an answer looks like what the page shows, line by line', () => {
  const said = 'QUEUE    WAITING\ndefault        3\nimages         0\n';
  expect(notSaid('QUEUE WAITING\nimages 0\n', said)).toBeUndefined();
  expect(notSaid('default …\n', said)).toBeUndefined();
  expect(notSaid('images 1\n', said)).toBe('images 1');
  expect(notSaid('images 0\ndefault 3\n', said)).toBe('default 3');
});

test('each fault and proof belongs to a section of the page', () => {
  const titles = sections.map(({ title }) => title);
  expect(
    [...Object.keys(FAULTS), ...Object.keys(PROOFS)].filter((name) => !titles.includes(name)),
  ).toEqual([]);
});

const why = missing.length > 0 ? ` (not here: ${missing.join(', ')})` : '';

describe.skipIf(missing.length > 0)(`docs/operations.md, as it is written${why}`, () => {
  let machine: RunbookMachine;
  beforeAll(async () => {
    machine = await RunbookMachine.make();
  });
  afterAll(() => machine.remove());

  /** The section that runs, or has failed: those behind it begin where it ended. */
  let open: string | undefined;
  test.each(sections.map((section) => [section.title, section] as const))(
    '%s',
    async (title, { blocks }) => {
      expect(open, 'this section failed, and what is behind it was not run').toBeUndefined();
      open = title;
      machine.forget();
      await machine.run(FAULTS[title] ?? '');
      machine.forget();
      for (const { line, script, answer } of blocks) {
        const said = await machine.run(script);
        expect(notSaid(machine.ours(answer), said), `line ${line} said:\n${said}`).toBeUndefined();
      }
      await machine.run(PROOFS[title] ?? '');
      open = undefined;
    },
  );
});
