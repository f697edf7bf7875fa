import { GoflowError } from '@goflow/shared';
import { expect, test } from 'vitest';
import type { DiscardProgress, RedriveAllOptions, RedriveProgress } from './dead-letter-options.js';
import type { DeadLetterFilter } from './filter.js';
import { failureOf, openRig, START } from './rig.test-d.js';

function openFilled(count: number) {
  const rig = openRig();
  for (let number = 0; number < count; number += 1)
    rig.broker.put(number, { tags: number % 2 ? ['odd'] : [] });
  return rig;
}

test('redrives all, when all is said', async () => {
  const { broker, deadLetters } = openFilled(300);
  broker.put(1_000, { queue: 'images', state: 'expired' });
  broker.put(1_001, { state: 'cancelled' });
  expect(await deadLetters.redriveAll({})).toEqual({
    examined: 301,
    redriven: 301,
    skipped: 0,
    failedCount: 0,
    failed: [],
    complete: true,
  });
  expect(new Set(broker.redriven.map(({ id }) => id)).size).toBe(301);
  expect(await deadLetters.list()).toEqual({ tasks: [] });
});

test.each([undefined, null, 'all'])('the filter %j is not all', async (filter) => {
  const { broker, deadLetters } = openFilled(1);
  for (const call of [
    deadLetters.redriveAll(filter as DeadLetterFilter),
    deadLetters.discardAll(filter as DeadLetterFilter),
  ])
    await expect(call).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('`filter`'),
    });
  expect(broker.tasks.size).toBe(1);
});

test.each([
  ['rate', { rate: 0 }],
  ['rate', { rate: 100_001 }],
  ['rate', { rate: 0.5 }],
  ['rate', { rate: '100' }],
  ['limit', { limit: 0 }],
  ['limit', { limit: Number.POSITIVE_INFINITY }],
  ['signal', { signal: {} }],
  ['payload', { payload: { to: 'ann' } }],
  ['onProgress', { onProgress: true }],
  ['options', { typo: 1 }],
  ['options', null],
])('%s is refused: %j', async (name, options) => {
  const { broker, deadLetters } = openFilled(1);
  const redriving = deadLetters.redriveAll({}, options as RedriveAllOptions);
  await expect(redriving).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringContaining(`\`${name}\``),
  });
  expect(broker.redriven).toEqual([]);
});

test.each([1, 10, 100, 1_000])('%d a second', async (rate) => {
  const count = rate * 3 + 1;
  const { broker, deadLetters } = openFilled(count);
  await deadLetters.redriveAll({}, { rate });
  const times = broker.redriven.map(({ at }) => at);
  expect(times).toHaveLength(count);
  const tookMs = Math.max(...times) - START;
  expect(tookMs).toBeGreaterThanOrEqual(2_900);
  expect(tookMs).toBeLessThanOrEqual(3_100);
  // In no second more than the rate, and what may be made up for.
  for (const from of times) {
    const within = times.filter((at) => at >= from && at < from + 1_000).length;
    expect(within).toBeLessThanOrEqual(rate + Math.max(1, rate / 10) + 1);
  }
});

test('what fails again meanwhile is left alone, and there is an end', async () => {
  const { broker, deadLetters } = openFilled(500);
  // Each fails again at once, and others fail, too.
  broker.beforeChange = (id) => {
    queueMicrotask(() => {
      const task = broker.tasks.get(id);
      if (!task) return;
      broker.tasks.set(id, { ...task, state: 'failed', finishedAt: broker.clock.now() + 1 });
    });
    broker.put(10_000 + broker.redriven.length, { finishedAt: broker.clock.now() + 1 });
  };
  const report = await deadLetters.redriveAll({}, { rate: 1_000 });
  expect(report).toMatchObject({ redriven: 500, complete: true });
  expect(new Set(broker.redriven.map(({ id }) => id)).size).toBe(500);
});

test('what failed since it began is not redriven, though it is on a page', async () => {
  const { broker, deadLetters } = openFilled(3);
  broker.put(50, { queue: 'images', finishedAt: START + 60_000 });
  expect(await deadLetters.redriveAll({})).toMatchObject({ redriven: 3, skipped: 1 });
});

test('what died after `until` is neither counted nor touched', async () => {
  const { broker, deadLetters } = openFilled(3);
  broker.put(50, { finishedAt: START - 1_000 });
  const until = new Date(START - 2_000);
  const counts = async (filter: DeadLetterFilter): Promise<number> => {
    const { groups } = await deadLetters.groups(filter);
    return groups.reduce((sum, { count }) => sum + count, 0);
  };
  expect([await counts({}), await counts({ until })]).toEqual([4, 3]);
  expect(await deadLetters.redriveAll({ until })).toMatchObject({ redriven: 3, skipped: 0 });
  const rest = await deadLetters.discardAll({ until });
  expect(rest).toMatchObject({ discarded: 0, complete: true });
  expect(broker.tasks.size).toBe(4);
});

test('only those that answer to the filter, and no more than the limit', async () => {
  const { broker, deadLetters } = openFilled(100);
  const part = await deadLetters.redriveAll({ tag: 'odd', text: 'user' }, { limit: 20 });
  expect(part).toMatchObject({ redriven: 20, complete: false });
  const rest = await deadLetters.redriveAll({ tag: 'odd', text: 'user' });
  expect(rest).toMatchObject({ redriven: 30, complete: true });
  expect(broker.redriven.every(({ id }) => broker.tasks.get(id)?.tags.includes('odd'))).toBe(true);
});

test('payloads are edited, and those that are refused stay dead letters', async () => {
  const { broker, deadLetters } = openFilled(300);
  const report = await deadLetters.redriveAll(
    {},
    {
      payload: async (payload, task) => {
        const { to } = payload as { to: string };
        expect(task).toMatchObject({ type: 'mail.send', reason: 'exhausted' });
        if (to === 'user7') throw new TypeError('not this one');
        return Number(to.slice('user'.length)) % 2 ? { to: 7 } : { to: `${to}@a.test` };
      },
    },
  );
  expect(report).toMatchObject({ examined: 300, redriven: 150, failedCount: 150, complete: true });
  expect(report.failed).toHaveLength(100);
  expect(report.failed[0]).toMatchObject({ error: { code: 'PAYLOAD_INVALID' } });
  expect(broker.redriven.at(-1)).toMatchObject({ json: '{"to":"user0@a.test"}' });
  const left = await deadLetters.list({}, undefined, 1_000);
  expect(left.tasks).toHaveLength(150);
});

test('what the payload function throws is the failure of its task', async () => {
  const { broker, deadLetters } = openFilled(1);
  const [id] = broker.tasks.keys();
  const thrown: unknown[] = [new TypeError('no'), 'text', null];
  for (const error of thrown) {
    const { failed } = await deadLetters.redriveAll(
      {},
      {
        payload: () => {
          throw error;
        },
      },
    );
    expect(failed).toMatchObject([{ id, error: { code: 'HANDLER_FAILED' } }]);
  }
});

test('somebody else was faster', async () => {
  const { broker, deadLetters } = openFilled(10);
  broker.beforeChange = (id) => {
    if (id.endsWith('3')) broker.tasks.delete(id);
  };
  expect(await deadLetters.redriveAll({})).toMatchObject({ redriven: 9, skipped: 1 });
});

test('a signal ends it, and the answer tells how far it came', async () => {
  const { broker, deadLetters } = openFilled(300);
  const controller = new AbortController();
  broker.beforeChange = () => {
    if (broker.redriven.length === 99) controller.abort();
  };
  const report = await deadLetters.redriveAll({}, { signal: controller.signal });
  expect(report).toMatchObject({ redriven: 100, complete: false });
  expect(await deadLetters.redriveAll({}, { signal: AbortSignal.abort() })).toMatchObject({
    examined: 0,
    redriven: 0,
    complete: false,
  });
});

test('tells how far it is, once a second and at the end', async () => {
  const { deadLetters } = openFilled(301);
  const told: RedriveProgress[] = [];
  const onProgress = (progress: RedriveProgress): Promise<never> => {
    told.push(progress);
    // It is of no matter what becomes of it.
    return Promise.reject(new Error('not now'));
  };
  const report = await deadLetters.redriveAll({}, { onProgress });
  expect(told.map(({ redriven }) => redriven)).toEqual([101, 201, 301, 301]);
  const { failed: _, complete: __, ...progress } = report;
  expect(told.at(-1)).toEqual(progress);
});

test('a broker that goes away ends it, and how far it came is told', async () => {
  const { broker, deadLetters } = openFilled(300);
  const away = new GoflowError('BROKER_UNAVAILABLE', 'no Redis', { details: { sent: false } });
  broker.beforeChange = () => {
    if (broker.redriven.length === 120) throw away;
  };
  await expect(deadLetters.redriveAll({}, { rate: 100_000 })).rejects.toMatchObject({
    code: 'BROKER_UNAVAILABLE',
    cause: away,
    details: { sent: false, progress: { done: 120, failedCount: 0 } },
  });
  broker.beforeChange = () => undefined;
  expect(await deadLetters.redriveAll({})).toMatchObject({ redriven: 180, complete: true });
});

test('discards all that answer, and nothing that failed since', async () => {
  const { broker, deadLetters } = openFilled(300);
  broker.put(900, { finishedAt: START + 60_000 });
  broker.put(901, { failure: failureOf('x', 'TASK_POISON') });
  const part = await deadLetters.discardAll({ reason: 'exhausted' }, { limit: 40 });
  expect(part).toMatchObject({ discarded: 40, complete: false });
  const rest = await deadLetters.discardAll({ reason: 'exhausted' });
  expect(rest).toMatchObject({ discarded: 260, skipped: 1, failed: [], complete: true });
  expect(broker.tasks.size).toBe(2);
  const ended = await deadLetters.discardAll({}, { signal: AbortSignal.abort() });
  expect(ended).toMatchObject({ discarded: 0, complete: false });
});

test('a discard tells how far it is, as a redrive does; a listener that is no function is refused', async () => {
  const { broker, deadLetters } = openFilled(300);
  broker.beforeChange = () => {
    broker.clock.time += 5;
  };
  const told: DiscardProgress[] = [];
  const onProgress = (progress: DiscardProgress): never => {
    told.push(progress);
    throw new Error('not now');
  };
  const { failed, complete, ...progress } = await deadLetters.discardAll({}, { onProgress });
  expect(told.length).toBeGreaterThan(1);
  expect(told[0]?.discarded).toBeLessThan(300);
  expect(told.at(-1)).toEqual(progress);
  expect([progress, failed, complete]).toEqual([
    { examined: 300, discarded: 300, skipped: 0, failedCount: 0 },
    [],
    true,
  ]);
  const wrong = { onProgress: true } as never;
  await expect(deadLetters.discardAll({}, wrong)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});
