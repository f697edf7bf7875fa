import { expect, test } from 'vitest';
import { toJson } from './json.js';
import { LIMIT, RATE, round, summaryOf } from './rig.test-d.js';
import { summarise } from './summary.js';

test('an object for each line, with what others read and more', () => {
  const rounds = [round({ rate: 133.3333333, import: 140 }, { rate: 100 })];
  expect(JSON.parse(toJson([summaryOf([RATE, LIMIT], rounds)]))).toEqual([
    {
      scenario: 'push <fast> & far',
      name: 'name',
      unit: 'tasks/s',
      goflow: 133.333,
      bullmq: 100,
      beeQueue: null,
      ratio: 1.33333,
      lowest: 1.33333,
      highest: 1.33333,
      reach: '>= 1.25',
      pass: true,
      rounds: 1,
      costs: {},
      more: {},
      error: null,
    },
    expect.objectContaining({
      scenario: 'import',
      goflow: 140,
      bullmq: null,
      ratio: null,
      lowest: 140,
      reach: '<= 150 ms',
      pass: true,
    }),
  ]);
});

test('what failed has no figures, and says why', () => {
  const summary = summarise({ name: 'a', figures: [RATE], rounds: [], error: 'no chunks' });
  expect(JSON.parse(toJson([summary]))).toEqual([
    expect.objectContaining({ goflow: null, ratio: null, pass: false, error: 'no chunks' }),
  ]);
});
