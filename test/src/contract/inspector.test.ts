import { defineTasks, type Goflow, type TaskId } from '@goflow/sdk';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';
import { onBothBrokersAndInChunks } from './worlds.js';

const tasks = defineTasks({
  mail: { payload: z.object({ to: z.string() }), result: z.null() },
  image: { payload: z.string(), result: z.string(), queue: 'images', maxAttempts: 1 },
});

const handlers = {
  mail: () => null,
  image: (payload: string) => {
    if (payload.startsWith('bad')) throw new Error(`cannot read ${payload}`);
    return payload;
  },
};

type Filter = Parameters<Goflow<(typeof tasks)['definitions']>['inspector']['list']>[0];

async function listAll(
  goflow: Goflow<(typeof tasks)['definitions']>,
  filter: Filter,
  limit: number,
): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await goflow.inspector.list(filter, cursor, limit);
    expect(page.tasks.length).toBeLessThanOrEqual(limit);
    ids.push(...page.tasks.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== undefined);
  return ids;
}

onBothBrokersAndInChunks((open) => {
  test('counts by queue, by type and by state', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const ids = await goflow.pushMany('image', ['a', 'b', 'bad c']);
    const worker = await world.worker(tasks, handlers);
    await goflow.waitAll(ids);
    await worker.stop();
    await goflow.pushMany('mail', [{ to: 'a' }, { to: 'b' }]);
    await goflow.cancel(await goflow.push('mail', { to: 'c' }));
    await goflow.push('mail', { to: 'd' }, { delay: '1h' });
    const counts = await goflow.inspector.counts({ types: true });
    const none = {
      waiting: 0,
      delayed: 0,
      active: 0,
      completed: 0,
      failed: 0,
      cancelled: 0,
      expired: 0,
    };
    const mail = { ...none, waiting: 2, delayed: 1, cancelled: 1 };
    const image = { ...none, completed: 2, failed: 1 };
    expect(counts.queues).toEqual({ default: mail, images: image });
    expect(counts.types).toEqual({ mail, image });
    expect(counts.totals).toMatchObject({ waiting: 2, completed: 2, cancelled: 1 });
  });

  test('list finds by type, queue, state, tag, time and text', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const eu = await goflow.push('mail', { to: 'Ada@Example.com' }, { tags: ['eu', 'vip'] });
    const us = await goflow.push('mail', { to: 'bob' }, { tags: ['us'] });
    const bad = await goflow.push('image', 'bad one', { tags: ['eu'] });
    await world.worker(tasks, handlers);
    await goflow.waitAll<'mail' | 'image'>([eu, us, bad]);
    const later = await goflow.push('mail', { to: 'carol' }, { delay: '1h', tags: ['eu'] });
    const find = async (filter: Filter) => (await listAll(goflow, filter, 2)).sort();
    const sorted = (...ids: TaskId[]) => ids.sort();
    expect(await find({})).toEqual(sorted(eu, us, bad, later));
    expect(await find({ type: 'image' })).toEqual([bad]);
    expect(await find({ queue: 'default' })).toEqual(sorted(eu, us, later));
    expect(await find({ state: 'completed' })).toEqual(sorted(eu, us));
    expect(await find({ state: ['failed', 'delayed'] })).toEqual(sorted(bad, later));
    expect(await find({ tag: 'eu' })).toEqual(sorted(eu, bad, later));
    expect(await find({ tag: 'eu', state: 'completed' })).toEqual([eu]);
    expect(await find({ tag: 'nowhere' })).toEqual([]);
    expect(await find({ text: 'ada@example' })).toEqual([eu]);
    expect(await find({ text: 'cannot read' })).toEqual([bad]);
    expect(await find({ since: new Date(Date.now() + 3_600_000) })).toEqual([]);
    expect(await find({ since: new Date(Date.now() - 3_600_000) })).toEqual(
      sorted(eu, us, bad, later),
    );
  });

  test('get tells everything about one task', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, handlers, { name: 'w' });
    const options = { tags: ['eu'], priority: 3, timeout: '1m', deadline: '1h' } as const;
    const id = await goflow.push('image', 'bad one', options);
    await goflow.waitAll([id]);
    expect(await goflow.inspector.get(id)).toMatchObject({
      id,
      type: 'image',
      queue: 'images',
      status: 'failed',
      payload: 'bad one',
      tags: ['eu'],
      priority: 3,
      attempts: 1,
      starts: 1,
      stalls: 0,
      worker: 'w',
      reason: 'exhausted',
      failure: { message: 'cannot read bad one' },
      history: [{ attempt: 1, worker: 'w', outcome: 'failed' }],
      options: { timeoutMs: 60_000, deadline: expect.any(Date) },
    });
    for (const wrong of ['', 'x', 'default:nope', `default:${'A'.repeat(22)}`])
      expect(await goflow.inspector.get(wrong)).toBeUndefined();
  });

  test('pages are stable: what stays is seen once, whatever comes and goes between two pages', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const payloads = Array.from({ length: 300 }, (_, at) => `image ${at}`);
    const ids = await goflow.pushMany('image', payloads);
    const gate = new Barrier();
    await world.worker(tasks, {
      ...handlers,
      image: async (payload) => {
        if (payload === 'gate') await gate.pass();
        return payload;
      },
    });
    await goflow.waitAll(ids);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await goflow.inspector.list({ state: 'completed' }, cursor, 7);
      seen.push(...page.tasks.map(({ id }) => id));
      cursor = page.next;
      await goflow.wait(await goflow.push('image', 'another'));
    } while (cursor !== undefined);
    expect(seen.filter((id) => (ids as string[]).includes(id)).sort()).toEqual([...ids].sort());
    expect(new Set(seen).size).toBe(seen.length);
  });

  test.each([
    [{ status: 'failed' }, 'OPTION_INVALID'],
    [{ state: 'done' }, 'OPTION_INVALID'],
    [{ type: 'No Type' }, 'OPTION_INVALID'],
    [{ queue: 'No Queue' }, 'OPTION_INVALID'],
    [{ tag: '' }, 'OPTION_INVALID'],
    [{ tag: 'x'.repeat(65) }, 'OPTION_INVALID'],
    [{ since: 'yesterday' }, 'OPTION_INVALID'],
    [{ since: new Date(Number.NaN) }, 'OPTION_INVALID'],
    [{ text: '' }, 'OPTION_INVALID'],
    [{ text: 'x'.repeat(201) }, 'OPTION_INVALID'],
    [null, 'OPTION_INVALID'],
  ])('refuses the filter %j', async (filter, code) => {
    const goflow = open().client(tasks);
    const listed = goflow.inspector.list(filter as never);
    await expect(listed).rejects.toMatchObject({ code });
  });

  test('refuses cursors that are made up, or of another question, and limits out of range', async () => {
    const goflow = open().client(tasks);
    await goflow.pushMany('image', ['a', 'b', 'c']);
    const { next } = await goflow.inspector.list({ queue: 'images' }, undefined, 1);
    const made = Buffer.from(JSON.stringify({ v: 1, after: 'x' })).toString('base64url');
    for (const cursor of ['', 'x', made, `${next}x`, '../..', 'e30'])
      await expect(goflow.inspector.list({ queue: 'images' }, cursor)).rejects.toMatchObject({
        code: 'CURSOR_INVALID',
      });
    await expect(goflow.inspector.list({ queue: 'default' }, next)).rejects.toMatchObject({
      code: 'CURSOR_INVALID',
    });
    for (const limit of [0, 1_001, 1.5, '5'])
      await expect(goflow.inspector.list({}, undefined, limit as number)).rejects.toMatchObject({
        code: 'OPTION_INVALID',
      });
  });
});
