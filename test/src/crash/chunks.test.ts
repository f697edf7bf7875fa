import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { newPlace, openRedis } from '../support/redis.js';
import { openClient } from '../support/system.js';
import { tasks } from './chunk-tasks.mjs';
import { Ledger, startChunkWorker } from './chunk-workers.js';
import { keepWorkers } from './keep-workers.js';

const CHUNKS = 4;
const SIZE = 300;
const COUNT = CHUNKS * SIZE;
const SLOTS = 2;
/** A task takes 5 ms, and none is begun while the last save is older than 400 ms; that is looked at every 20 ms. */
const MOST_UNSAVED = (400 + 20) / 5 + 1;

const steps = (count: number, does: 'wait' | 'compute') =>
  Array.from({ length: count }, (_, n) => ({ n, does }));

// Only Redis outlives a process, so this is not part of the contract suite.
test.each(['wait', 'compute'] as const)(
  'a worker is killed with -9 in the middle of its chunks (tasks that %s): what was saved is not run again, the rest is',
  async (does) => {
    const place = newPlace();
    const ledger = new Ledger();
    const goflow = openClient(tasks, place, { timeout: '30s' });
    const ids = await goflow.pushMany('step', steps(COUNT, does), { chunk: SIZE });
    const victim = startChunkWorker(place, ledger, SLOTS);
    const isCompleted = async (n: number): Promise<boolean> =>
      (await goflow.getResult(ids[n] ?? '')).status === 'completed';
    await until(async () => (await goflow.counts()).completed > SIZE / 5, {
      what: 'a part of its first chunks to be saved',
    });
    victim.signal('SIGKILL');
    await victim.exited;
    // Nobody else has run anything until now.
    const ran = ledger.of(victim.pid);
    const saved = new Set<number>();
    for (const n of ran) if (await isCompleted(n)) saved.add(n);
    expect(saved.size).toBe((await goflow.counts()).completed);
    expect(saved.size).toBeGreaterThan(SIZE / 5);
    expect(ran.length - saved.size).toBeLessThanOrEqual(SLOTS * MOST_UNSAVED);
    // In the middle of a chunk, too.
    const open = [...saved].map((n) => Math.floor(n / SIZE));
    expect(open.some((chunk) => open.filter((other) => other === chunk).length < SIZE)).toBe(true);

    startChunkWorker(place, ledger, SLOTS);
    startChunkWorker(place, ledger, SLOTS);
    const results = await goflow.waitAll(ids, { timeout: '60s' });
    expect(results).toMatchObject(
      ids.map((id, n) => ({ id, status: 'completed', value: n + 1, attempts: 1 })),
    );
    const counts = ledger.counts();
    expect(counts.size).toBe(COUNT);
    const again = [...counts].filter(([, times]) => times > 1).map(([n]) => n);
    expect(again.filter((n) => saved.has(n))).toEqual([]);
    expect(new Set(again)).toEqual(new Set(ran.filter((n) => !saved.has(n))));
    await until(async () => (await goflow.counts()).active === 0, { what: 'the chunks to end' });
    expect(await goflow.counts()).toMatchObject({ completed: COUNT, waiting: 0, delayed: 0 });
    const stored = await openRedis(place.redis).hgetall(`${place.prefix}:{default}:chunks`);
    expect(stored).toEqual({
      jobs: '0',
      open: '0',
      finished: String(CHUNKS),
      completed: String(COUNT),
    });
  },
);

test('a payload that takes its worker down is a dead letter after exactly two deaths, and its neighbours complete', async () => {
  const place = newPlace();
  const ledger = new Ledger();
  const goflow = openClient(tasks, place, { timeout: '30s' });
  const payloads = steps(60, 'wait').map((step) =>
    step.n === 27 ? { n: 27, does: 'die' as const } : step,
  );
  const ids = await goflow.pushMany('step', payloads, { chunk: 20 });
  const workers = keepWorkers(() => startChunkWorker(place, ledger, 5));
  const results = await goflow.waitAll(ids, { timeout: '50s' });
  const poison = results[27];
  expect(poison).toMatchObject({
    status: 'failed',
    attempts: 0,
    failure: { code: 'TASK_POISON', message: expect.stringContaining(ids[27] ?? '') },
  });
  expect(results.filter((result) => result !== poison)).toMatchObject(
    payloads.filter(({ n }) => n !== 27).map(({ n }) => ({ status: 'completed', value: n + 1 })),
  );
  expect(workers.deaths).toBe(2);
  expect(ledger.counts().get(27)).toBe(2);
  const dead = await goflow.inspector.deadLetters.list();
  expect(dead.tasks).toMatchObject([{ id: ids[27], reason: 'poison' }]);
  await until(async () => (await goflow.counts()).active === 0, { what: 'the chunk to end' });
  expect(await goflow.counts()).toMatchObject({ completed: 59, failed: 1, waiting: 0 });
});
