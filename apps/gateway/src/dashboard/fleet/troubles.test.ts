import type { QueueLoad, WorkerInfo } from '@goflow/sdk';
import { expect, test } from 'vitest';
import { type Depth, DepthHistory, HISTORY_MS, spanOf } from './depth-history.js';
import type { FleetView } from './fleet-watch.js';
import { troublesOf } from './troubles.js';

const NOW = 1_000_000_000;
const COUNTS = { delayed: 0, active: 0, completed: 0, failed: 0, cancelled: 0, expired: 0 };

const queue = (waiting: number, more: Partial<QueueLoad> = {}): QueueLoad => ({
  queue: 'mail',
  isPaused: false,
  counts: { ...COUNTS, waiting },
  completed: 0,
  failed: 0,
  ...more,
});

const worker = (concurrency: number, eventLoopLagMs = 1): WorkerInfo => ({
  name: 'w-1',
  host: 'host',
  pid: 1,
  version: '1',
  envelopeVersion: 1,
  types: ['mail.send'],
  queues: { mail: { concurrency, active: 0 } },
  startedAt: new Date(0),
  seenAt: new Date(0),
  eventLoopLagMs,
  state: 'running',
});

const none: Pick<DepthHistory, 'of'> = { of: () => [] };

const told = (view: Partial<FleetView>, history = none): string[] =>
  troublesOf({ at: NOW, queues: [], workers: [worker(2)], rules: [], ...view }, history, [
    'mail.send',
  ]).map(({ kind, text }) => `${kind} ${text}`);

test.each<[string, Partial<FleetView>, string[]]>([
  ['nothing, where all is well', { queues: [queue(3)] }, []],
  ['a pause', { queues: [queue(3, { isPaused: true })] }, ['warn mail: paused, 3 tasks waiting']],
  [
    'a fleet at 0',
    { queues: [queue(1)], workers: [worker(0)] },
    ['bad mail: nobody takes from it, 1 task waiting'],
  ],
  [
    'no worker at all, the worst first',
    { queues: [queue(0, { isPaused: true })], workers: [] },
    ['bad no worker is alive', 'warn mail: paused, 0 tasks waiting'],
  ],
  [
    'a long wait',
    { queues: [queue(1, { oldestWaitingAt: NOW - 400_000 })] },
    [expect.stringContaining('warn mail: the oldest task has waited')],
  ],
  [
    'many that fail',
    { queues: [queue(0, { completed: 3, failed: 1 })] },
    ['bad mail: 25 % of what ended in the last minute failed'],
  ],
  ['not one that fails of a few', { queues: [queue(0, { completed: 0, failed: 0.01 })] }, []],
  [
    'a late event loop',
    { workers: [worker(2, 1_500)] },
    [expect.stringContaining('warn w-1: its event loop is')],
  ],
  [
    'a type that nobody handles',
    { queues: [queue(0)], workers: [{ ...worker(2), types: [] }] },
    ['warn no worker has a handler for mail.send'],
  ],
])('tells of %s', (_name, view, expected) => {
  expect(told(view)).toEqual(expected);
});

test('tells of dead letters that there were not before', () => {
  const depth = (dead: number): Depth => ({ at: NOW, waiting: 0, active: 0, dead });
  const grew = { of: () => [depth(4), depth(6)] };
  expect(told({ queues: [queue(0)] }, grew)).toEqual([
    'bad mail: 2 new dead letters in the last minute',
  ]);
  const fell = { of: () => [depth(6), depth(4)] };
  expect(told({ queues: [queue(0)] }, fell)).toEqual([]);
});

test('depths are kept for 15 minutes, of 1,000 queues, and of none that is gone', () => {
  const history = new DepthHistory();
  const names = Array.from({ length: 1_001 }, (_, index) => `q-${index}`);
  const add = (at: number, some: readonly string[]): void =>
    history.add(
      at,
      some.map((name) => queue(1, { queue: name })),
    );
  add(NOW, names);
  expect(history.of('q-999')).toHaveLength(1);
  expect(history.of('q-1000')).toEqual([]);
  add(NOW + HISTORY_MS + 1, ['q-0']);
  expect(history.of('q-0')).toMatchObject([{ at: NOW + HISTORY_MS + 1, waiting: 1 }]);
  expect(history.of('q-1')).toEqual([]);
});

test('a chart goes back as far as is known, a minute at least', () => {
  const depth = (at: number): Depth => ({ at, waiting: 0, active: 0, dead: 0 });
  expect(spanOf([], NOW)).toBe(60_000);
  expect(spanOf([depth(NOW - 5_000)], NOW)).toBe(60_000);
  expect(spanOf([depth(NOW - 300_000)], NOW)).toBe(300_000);
});
