import { randomBytes } from 'node:crypto';
import { defineTasks, type EncryptionOptions } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { NonRetryableError, RetryLaterError, type TaskContext } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { onBothBrokersAndInChunks, type World } from './worlds.js';

const tasks = defineTasks({
  echo: { payload: z.unknown(), result: z.unknown(), backoff: 0 },
  fail: { payload: z.string(), result: z.string(), backoff: 0 },
  tell: { payload: z.string(), result: z.string() },
});

const keys = { k1: randomBytes(32).toString('base64') };
const encryption = { keys, current: 'k1' };

const handlers = {
  echo: (payload: unknown) => payload,
  fail: (payload: string): string => {
    throw new NonRetryableError(`refused ${payload}`, { details: { payload } });
  },
  tell: async (payload: string, ctx: Pick<TaskContext, 'log' | 'progress'>) => {
    ctx.log.info({ payload }, `told ${payload}`);
    await ctx.progress({ payload });
    return payload;
  },
};

const openBoth = async (
  world: World,
  options: { readonly encryption?: EncryptionOptions } = { encryption },
) => ({
  goflow: world.client(tasks, options),
  worker: await world.worker(tasks, handlers, options),
});

onBothBrokersAndInChunks((open) => {
  test.each<[string, unknown]>([
    ['a text', 'text'],
    ['an object', { a: [1, null, { b: 'ünï' }] }],
    ['null', null],
    ['two megabytes', 'x'.repeat(700_000)],
    ['what looks encrypted', { '~enc': `k1,${'A'.repeat(60)}` }],
    ['what looks escaped', { '~enc': { '~enc': 1 } }],
    ['what looks compressed', { '~gz': '2,x' }],
  ])('a payload and a result come back: %s', async (_what, value) => {
    const { goflow } = await openBoth(open());
    expect(await goflow.wait(await goflow.push('echo', value))).toEqual(value);
    const ids = await goflow.pushMany('echo', [value, 1, value]);
    const results = await goflow.waitAll(ids);
    expect(results.map((result) => 'value' in result && result.value)).toEqual([value, 1, value]);
  });

  test.each<[string, unknown]>([
    ['what looks encrypted', { '~enc': `k1,${'A'.repeat(60)}` }],
    ['what looks escaped', { '~enc': { '~enc': 1 } }],
    ['more than one key', { '~enc': 1, b: 2 }],
  ])('so it does where nothing is encrypted: %s', async (_what, value) => {
    const { goflow } = await openBoth(open(), {});
    expect(await goflow.wait(await goflow.push('echo', value))).toEqual(value);
  });

  test('it is compressed first', async () => {
    const world = open();
    const options = { encryption, compressAbove: 1_000 };
    const goflow = world.client(tasks, options);
    await world.worker(tasks, handlers, options);
    const long = 'as long as it takes '.repeat(20_000);
    expect(await goflow.wait(await goflow.push('echo', long))).toBe(long);
  });

  test('a failure comes back, with all that it says, to whoever asks', async () => {
    const { goflow } = await openBoth(open());
    const id = await goflow.push('fail', 'secret');
    const failure = {
      code: 'NON_RETRYABLE',
      message: 'refused secret',
      details: { payload: 'secret' },
    };
    await expect(goflow.wait(id)).rejects.toMatchObject({ code: 'TASK_FAILED', failure });
    expect(await goflow.getResult(id)).toMatchObject({ status: 'failed', failure });
    expect(await goflow.status(id)).toMatchObject({ status: 'failed', failure });
    expect(await goflow.inspector.get(id)).toMatchObject({ payload: 'secret', failure });
    const { tasks: listed } = await goflow.inspector.deadLetters.list({ text: 'refused' });
    expect(listed).toMatchObject([{ id, failure }]);
    expect((await goflow.inspector.deadLetters.list({ text: '"SECRET"' })).tasks).toHaveLength(1);
  });

  test('dead letters are grouped by how they failed, as without encryption', async () => {
    const { goflow } = await openBoth(open());
    const ids = await goflow.pushMany('fail', ['one', 'one', 'two']);
    await goflow.waitAll(ids);
    const { groups } = await goflow.inspector.deadLetters.groups();
    expect(groups).toMatchObject([
      { count: 2, message: 'refused one' },
      { count: 1, message: 'refused two' },
    ]);
    const [group] = groups;
    const { tasks: listed } = await goflow.inspector.deadLetters.list({
      fingerprint: group?.fingerprint ?? '',
    });
    expect(listed).toHaveLength(2);
  });

  test('progress and log lines come back, while it runs and afterwards', async () => {
    const world = open();
    const { goflow } = await openBoth(world);
    const id = await goflow.push('tell', 'secret');
    const changes: unknown[] = [];
    for await (const change of goflow.watch(id)) changes.push(change);
    const line = { level: 'info', message: 'told secret', fields: { payload: 'secret' } };
    const progress = { payload: 'secret' };
    expect(changes).toContainEqual({ kind: 'progress', progress });
    expect(changes).toContainEqual({ kind: 'log', line: expect.objectContaining(line) });
    expect(await goflow.status(id)).toMatchObject({ progress, log: [line] });
    expect(await goflow.inspector.get(id)).toMatchObject({
      payload: 'secret',
      result: 'secret',
      progress,
      log: [line],
    });
  });

  test('callbacks and events of the worker tell it in the clear', async () => {
    const world = open();
    const told: unknown[] = [];
    const note = ({ result, failure }: { result?: unknown; failure?: { message: string } }) =>
      void told.push(result ?? failure?.message);
    await world.worker(tasks, handlers, { encryption, onSuccess: note, onFailure: note });
    const goflow = world.client(tasks, { encryption });
    await goflow.waitAll([await goflow.push('echo', 'a'), await goflow.push('fail', 'b')]);
    await until(() => told.length === 2, { what: 'both to be told' });
    expect(new Set(told)).toEqual(new Set(['a', 'refused b']));
  });

  test('tried again, snoozed, cancelled: as without encryption', async () => {
    const world = open();
    const goflow = world.client(tasks, { encryption });
    const echo = (payload: unknown, ctx: Pick<TaskContext, 'attempt' | 'starts'>): unknown => {
      if (payload === 'again' && ctx.attempt < 3) throw new Error('once more');
      if (payload === 'later' && ctx.starts < 2)
        throw new RetryLaterError('not yet', { delay: 0, counted: false });
      return payload;
    };
    const left = await goflow.push('echo', 'cancelled');
    await goflow.cancel(left, { reason: 'no need' });
    await world.worker(tasks, { ...handlers, echo }, { encryption });
    for (const payload of ['again', 'later']) {
      const id = await goflow.push('echo', payload);
      expect(await goflow.wait(id)).toBe(payload);
      expect(await goflow.getResult(id)).toMatchObject({ attempts: payload === 'again' ? 3 : 1 });
    }
    expect(await goflow.getResult(left)).toMatchObject({
      status: 'cancelled',
      failure: { message: expect.stringContaining('no need') },
    });
  });

  test('a dead letter is redriven with another payload, encrypted or not, by whoever redrives', async () => {
    const world = open();
    const { goflow } = await openBoth(world);
    const plain = world.client(tasks);
    const seen: string[] = [];
    const fail = (payload: string): string => {
      seen.push(payload);
      if (payload === 'wrong') throw new NonRetryableError('refused');
      return payload;
    };
    const other = defineTasks({
      fail: { payload: z.string(), result: z.string(), queue: 'other' },
    });
    await world.worker(other, { fail }, { encryption });
    const [first, second] = [world.client(other, { encryption }), world.client(other)];
    for (const [pusher, redriver] of [
      [first, first],
      [first, second],
      [second, first],
    ] as const) {
      const id = await pusher.push('fail', 'wrong');
      await first.waitAll([id]);
      await redriver.inspector.deadLetters.redrive(id, { payload: 'right' });
      expect(await first.wait(id)).toBe('right');
    }
    expect(seen).toEqual(['wrong', 'right', 'wrong', 'right', 'wrong', 'right']);
    const id = await goflow.push('fail', 'again');
    await goflow.waitAll([id]);
    await plain.inspector.deadLetters.redrive(id);
    const isBack = async (): Promise<boolean> => (await goflow.status(id)).status === 'failed';
    await until(isBack, { what: 'it to fail once more' });
  });
});
