import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { BulkRuns } from './bulk-runs.js';

/** Runs of one gateway, which last until they are stopped. */
function start() {
  const report = { failedCount: 0, failed: [], examined: 0, complete: false, skipped: 0 };
  const untilStopped = (signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
  const logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => logger } as never;
  return new BulkRuns({
    deadLetters: {
      redriveAll: async (_filter, options) => {
        await untilStopped(options?.signal);
        return { ...report, redriven: 0 };
      },
      discardAll: async (_filter, options) => {
        await untilStopped(options?.signal);
        return { ...report, discarded: 0 };
      },
    },
    logger,
    onEnd: () => undefined,
  });
}

const plan = (fingerprint: string, kind: 'redrive' | 'discard' = 'redrive') => ({
  kind,
  filter: { fingerprint, until: new Date() },
  of: 'mail',
  rate: 100,
  by: 'somebody',
});

test('a button that reaches another gateway than showed it stops nothing there', async () => {
  const [one, other] = [start(), start()];
  void one.start(plan('a'));
  void other.start(plan('b'));
  const shown = await until(async () => (await one.all())[0], { what: 'the run' });
  expect(await other.stop(shown.id)).toBe('over');
  expect((await other.all())[0]?.endedAt).toBe(undefined);
  expect(await one.stop(shown.id)).toBe('stopped');
  await other.close();
  expect((await other.all())[0]?.trouble).toBe('it was stopped');
});

test('two clicks at once are one run of a group, whatever they want; of five groups the last waits', async () => {
  const runs = start();
  const given = [plan('a'), plan('a'), plan('a', 'discard'), plan('b'), plan('c'), plan('d')];
  const started = given.map((one) => runs.start(one));
  await until(async () => (await runs.all()).length === 4, { what: 'four runs' });
  expect(await runs.start(plan('e'))).toBe('too many');
  expect(await Promise.all([started[1], started[2]])).toEqual(['one at a time', 'one at a time']);
  await until(async () => (await runs.all()).length === 4, { what: 'four runs' });
  await runs.close();
  expect((await runs.all()).every(({ endedAt }) => endedAt !== undefined)).toBe(true);
  await Promise.all(started);
});
