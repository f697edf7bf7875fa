import { defineTasks } from '@goflow/sdk';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { onBothBrokers } from './worlds.js';

const text = { payload: z.string(), result: z.string() };
const tasks = defineTasks({ mail: text, image: { ...text, queue: 'images' } });
const handlers = { mail: (payload: string) => payload, image: (payload: string) => payload };
const by = 'ada@web-1';

onBothBrokers((open) => {
  test('rules: said, changed, taken back; and all of it in the audit trail, newest first', async () => {
    const { fleet } = open().client(tasks);
    const scope = { queue: 'images', labels: { region: 'eu', tier: 'a' } };
    const begunAt = Date.now();
    expect(await fleet.setConcurrency(20, { ...scope, by })).toEqual({ changed: true });
    const same = { queue: 'images', labels: { tier: 'a', region: 'eu' }, by: 'bob' };
    expect(await fleet.setConcurrency(20, same)).toEqual({ changed: false, before: 20 });
    expect(await fleet.setConcurrency(5, same)).toEqual({ changed: true, before: 20 });
    expect(await fleet.setConcurrency(0, { by })).toEqual({ changed: true });
    const at = expect.any(Number);
    expect(await fleet.rules()).toEqual([
      { ...scope, concurrency: 5, by: 'bob', at },
      { concurrency: 0, by, at },
    ]);
    expect(await fleet.resetConcurrency({ ...scope, by })).toEqual({ changed: true, before: 5 });
    expect(await fleet.resetConcurrency({ ...scope, by })).toEqual({ changed: false });
    expect(await fleet.rules()).toEqual([{ concurrency: 0, by, at }]);
    const trail = await fleet.audit();
    expect(trail).toEqual([
      { at, by, action: 'concurrency.reset', ...scope, from: 5 },
      { at, by, action: 'concurrency.set', to: 0 },
      { at, by: 'bob', action: 'concurrency.set', ...scope, from: 20, to: 5 },
      { at, by, action: 'concurrency.set', ...scope, to: 20 },
    ]);
    for (const line of trail) expect(Math.abs(line.at - begunAt)).toBeLessThan(60_000);
    expect(await fleet.audit({ limit: 1 })).toEqual(trail.slice(0, 1));
  });

  test('a rule that is said again is the newest again, also within a millisecond, and stands in the audit trail', async () => {
    const { fleet } = open().client(tasks);
    const [eu, big] = [{ labels: { region: 'eu' } }, { labels: { size: 'big' } }];
    for (let turn = 0; turn < 3; turn += 1) {
      await fleet.setConcurrency(5, { ...eu, by });
      await fleet.setConcurrency(9, { ...big, by });
      expect(await fleet.rules()).toMatchObject([{ concurrency: 9 }, { concurrency: 5 }]);
    }
    expect(await fleet.audit()).toHaveLength(6);
    expect(await fleet.setConcurrency(5, { ...eu, by })).toEqual({ changed: true, before: 5 });
    expect(await fleet.setConcurrency(5, { ...eu, by })).toEqual({ changed: false, before: 5 });
    expect(await fleet.rules()).toMatchObject([{ concurrency: 5 }, { concurrency: 9 }]);
    // Of another region: they never meet.
    await fleet.setConcurrency(7, { labels: { region: 'us' }, by });
    expect(await fleet.setConcurrency(5, { ...eu, by })).toEqual({ changed: false, before: 5 });
  });

  test('queues: what they hold, since when, and whether they are paused', async () => {
    const world = open();
    const goflow = world.client(tasks);
    expect(await goflow.fleet.queues()).toEqual([]);
    const pushedFrom = Date.now();
    await goflow.pushMany('image', ['a', 'b']);
    await goflow.push('mail', 'later', { delay: '1h' });
    const counts = expect.objectContaining({ waiting: 2, completed: 0 });
    const oldestWaitingAt = expect.any(Number);
    const [mail, images] = await goflow.fleet.queues();
    expect(mail).toEqual({
      queue: 'default',
      isPaused: false,
      counts: expect.objectContaining({ delayed: 1 }),
    });
    expect(images).toEqual({ queue: 'images', isPaused: false, counts, oldestWaitingAt });
    expect(Math.abs((images?.oldestWaitingAt ?? 0) - pushedFrom)).toBeLessThan(60_000);
    expect(await goflow.fleet.pause('images', { by })).toEqual({ changed: true });
    expect((await goflow.fleet.queues())[1]).toEqual({ ...images, isPaused: true });
  });

  test('pause and resume: nothing is taken meanwhile, by any worker; both are in the audit trail', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await goflow.wait(
      await world.worker(tasks, handlers).then(() => goflow.push('image', 'first')),
    );
    expect(await goflow.fleet.pause('images', { by })).toEqual({ changed: true });
    expect(await goflow.fleet.pause('images', { by })).toEqual({ changed: false });
    const id = await goflow.push('image', 'waits');
    const other = await goflow.pushMany('mail', ['a', 'b', 'c']);
    await goflow.waitAll(other);
    expect(await goflow.getResult(id)).toMatchObject({ status: 'waiting' });
    expect(await goflow.fleet.resume('images', { by: 'bob' })).toEqual({ changed: true });
    expect(await goflow.wait(id)).toBe('waits');
    expect(await goflow.fleet.resume('images', { by })).toEqual({ changed: false });
    expect(await goflow.fleet.audit()).toEqual([
      { at: expect.any(Number), by: 'bob', action: 'queue.resume', queue: 'images' },
      { at: expect.any(Number), by, action: 'queue.pause', queue: 'images' },
    ]);
    for (const change of [goflow.fleet.pause('nope'), goflow.fleet.resume('nope')])
      await expect(change).rejects.toMatchObject({ code: 'QUEUE_UNKNOWN' });
  });

  test('who: the user and host of this process, unless another is said', async () => {
    const { fleet } = open().client(tasks);
    await fleet.setConcurrency(1);
    expect((await fleet.audit())[0]?.by).toMatch(/^.+@.+$/);
  });

  test('the audit trail keeps the last 1,000', async () => {
    const { fleet } = open().client(tasks);
    for (let from = 0; from < 1_010; from += 101)
      await Promise.all(
        Array.from({ length: 101 }, (_, n) => fleet.setConcurrency(from + n, { by })),
      );
    const trail = await fleet.audit({ limit: 1_000 });
    expect(trail).toHaveLength(1_000);
    expect(trail.at(0)?.to).toBe(1_009);
    expect(trail.at(-1)).toMatchObject({ from: 9, to: 10 });
  });

  test.each([
    ['concurrency', -1, {}],
    ['concurrency', 1.5, {}],
    ['concurrency', 10_001, {}],
    ['concurrency', '5', {}],
    ['queue', 5, { queue: 'No Queue' }],
    ['labels', 5, { labels: 'region=eu' }],
    ['labels', 5, { labels: { 'region,x': 'eu' } }],
    ['labels', 5, { labels: { region: '' } }],
    ['labels', 5, { labels: { region: 'e=u' } }],
    ['labels', 5, { labels: { region: 'x'.repeat(64) } }],
    ['labels', 5, { labels: { region: 1 } }],
    ['labels', 5, { labels: Object.fromEntries('abcdefghi'.split('').map((key) => [key, 'x'])) }],
    ['by', 5, { by: '' }],
    ['by', 5, { by: 'x'.repeat(201) }],
    ['by', 5, { by: 'ada\u001b[2J' }],
    ['by', 5, { by: 'ada\u202e' }],
    ['options', 5, { label: { region: 'eu' } }],
    ['options', 5, null],
  ])('refuses %s: %j %j', async (option, concurrency, options) => {
    const { fleet } = open().client(tasks);
    await expect(fleet.setConcurrency(concurrency as 5, options as object)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(option),
    });
    expect(await fleet.audit()).toEqual([]);
  });

  test('queues beside those of the contracts, for tools that know none', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const id = await goflow.push('image', 'a');
    const blind = world.client(defineTasks({}), { queues: ['images'] });
    expect(blind.inspector.queues()).toEqual(['images']);
    expect((await blind.inspector.counts()).queues.images).toMatchObject({ waiting: 1 });
    expect((await blind.inspector.list()).tasks).toMatchObject([{ id, type: 'image' }]);
    expect(() => world.client(tasks, { queues: ['No Queue'] })).toThrow(/queues/);
  });
});
