import { stripVTControlCharacters } from 'node:util';
import { createGoflow } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { newPlace } from '../support/redis.js';
import { runInTerminal, startInTerminal } from './cli.js';
import { tasks } from './shop-tasks.mjs';

/** What would be seen of one page: no colours, no moves. */
const plain = (shown: string): string[] => stripVTControlCharacters(shown).split(/[\r\n]+/);

test.each([40, 0])('an id is whole in a terminal of %i columns', async (columns) => {
  const place = newPlace();
  const goflow = createGoflow({ tasks, ...place });
  onTestFinished(() => goflow.close());
  const id = await goflow.push('echo', 1);
  const { code, stdout } = await runInTerminal(place, ['list'], { columns });
  expect(code).toBe(0);
  expect(stdout).toContain(`${id}  waiting`);
  // One that tells 0, as those of containers do, does not say how wide it is: 80 are usual.
  expect(stdout.includes('ATTEMPTS')).toBe(columns === 0);
});

test('in 40 columns no line of top is broken by the terminal', async () => {
  const place = newPlace();
  const args = ['top', '--interval', '500'];
  const { shown, type, ended } = startInTerminal(place, args, { columns: 40 });
  await until(() => shown().includes('no worker is alive'), { what: 'the first look' });
  type('q');
  expect(await ended).toBe(0);
  const lines = plain(shown());
  expect(lines.join(' ')).toContain('0/0 slots');
  expect(lines.filter((line) => line.length > 40)).toEqual([]);
});
