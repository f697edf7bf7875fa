import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import type { Worker } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';
import { onBothBrokers } from './worlds.js';

const text = { payload: z.string(), result: z.string() };
const tasks = defineTasks({ mail: text, image: { ...text, queue: 'images' } });
const echo = (payload: string) => payload;
const handlers = { mail: echo, image: echo };
const by = 'ada@web-1';

const keepsTo = (worker: Worker, queues: Readonly<Record<string, number>>) =>
  until(() => Object.entries(queues).every(([queue, size]) => worker.concurrency[queue] === size), {
    what: `the worker to keep to ${JSON.stringify(queues)}`,
    everyMs: 2,
  });

onBothBrokers((open) => {
  test('a rule reaches a running worker, and one that starts later before its first task', async () => {
    const world = open();
    const { fleet } = world.client(tasks);
    const running = await world.worker(tasks, handlers, { concurrency: 10 });
    await fleet.setConcurrency(3, { by });
    await keepsTo(running, { default: 3, images: 3 });
    await fleet.setConcurrency(0, { queue: 'images', by });
    await keepsTo(running, { default: 3, images: 0 });
    const later = await world.worker(tasks, handlers, { concurrency: 7 });
    expect(later.concurrency).toEqual({ default: 3, images: 0 });
    await fleet.resetConcurrency({ by });
    await keepsTo(running, { default: 10, images: 0 });
    await keepsTo(later, { default: 7, images: 0 });
  });

  test('the most specific rule counts: the queue, then more labels, then the newest', async () => {
    const world = open();
    const { fleet } = world.client(tasks);
    const labels = { region: 'eu', tier: 'a' };
    const worker = await world.worker(tasks, handlers, { labels, concurrency: 1 });
    const other = await world.worker(tasks, handlers, {
      labels: { region: 'us' },
      concurrency: 1,
    });
    await fleet.setConcurrency(9, { labels, by });
    await keepsTo(worker, { default: 9, images: 9 });
    await fleet.setConcurrency(8, { labels: { region: 'eu' }, by });
    await fleet.setConcurrency(2, { queue: 'images', by });
    await keepsTo(worker, { default: 9, images: 2 });
    await fleet.setConcurrency(6, { queue: 'images', labels: { region: 'us' }, by });
    await keepsTo(other, { default: 1, images: 6 });
    expect(worker.concurrency).toEqual({ default: 9, images: 2 });
    await fleet.resetConcurrency({ labels, by });
    await keepsTo(worker, { default: 8, images: 2 });
    // Of two that are as specific, the newest.
    await until(
      async () => {
        await fleet.resetConcurrency({ labels: { tier: 'a' }, by });
        await fleet.setConcurrency(4, { labels: { tier: 'a' }, by });
        return (await fleet.rules()).findIndex(({ concurrency }) => concurrency === 4) === 2;
      },
      { what: 'the second rule to be newer' },
    );
    await keepsTo(worker, { default: 4, images: 2 });
    expect(other.concurrency).toEqual({ default: 1, images: 6 });
  });

  test('0 drains: nothing new is taken, what runs goes on; then 20 go on', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const barrier = new Barrier();
    const held = { ...handlers, image: (payload: string) => barrier.pass().then(() => payload) };
    const worker = await world.worker(tasks, held, { concurrency: 2 });
    const ids = await goflow.pushMany(
      'image',
      Array.from({ length: 25 }, (_, n) => `${n}`),
    );
    await until(() => barrier.waiting === 2, { what: 'two tasks to run' });
    await goflow.fleet.setConcurrency(0, { queue: 'images', by });
    await keepsTo(worker, { images: 0 });
    barrier.letGo(2);
    await until(async () => (await goflow.counts('images')).completed === 2, { what: 'two done' });
    await goflow.waitAll(await goflow.pushMany('mail', ['a', 'b', 'c']));
    expect(barrier.arrived).toBe(2);
    expect(await goflow.counts('images')).toMatchObject({ waiting: 23, active: 0 });
    await goflow.fleet.setConcurrency(20, { queue: 'images', by });
    await until(() => barrier.waiting === 20, { what: 'twenty tasks to run' });
    barrier.open();
    expect(await goflow.waitAll(ids)).toHaveLength(25);
  });

  test('a worker keeps to its bounds, whatever is wanted of it', async () => {
    const world = open();
    const { fleet } = world.client(tasks);
    const concurrencyBounds = { min: 2, max: 5 };
    const worker = await world.worker(tasks, handlers, { concurrency: 10, concurrencyBounds });
    expect(worker.concurrency).toEqual({ default: 5, images: 5 });
    await fleet.setConcurrency(0, { by });
    await keepsTo(worker, { default: 2, images: 2 });
    await worker.setConcurrency(20);
    expect(worker.concurrency).toEqual({ default: 5, images: 5 });
    expect(worker.concurrencies.default).toEqual({
      configured: 10,
      desired: 0,
      override: 20,
      actual: 5,
    });
    await worker.resetConcurrency('default');
    const ofDefault = async () =>
      (await fleet.audit()).filter(
        ({ action, queue }) => action.startsWith('worker') && queue === 'default',
      );
    await until(async () => (await ofDefault()).length === 2, { what: 'two lines' });
    expect(await ofDefault()).toMatchObject([
      { action: 'worker.reset', from: 20, to: 0 },
      { action: 'worker.override', from: 0, to: 20 },
    ]);
  });

  test('what is set on a worker itself holds against rules until it is reset, and is in the audit trail', async () => {
    const world = open();
    const { fleet, inspector } = world.client(tasks);
    const name = 'w-1';
    const labels = { region: 'eu' };
    const worker = await world.worker(tasks, handlers, { name, labels, concurrency: 10 });
    const changes: unknown[] = [];
    worker.on('worker:concurrency', (change) => changes.push(change));
    await worker.setConcurrency(4, 'images');
    await until(async () => (await fleet.audit()).length === 1, { what: 'the first line' });
    await fleet.setConcurrency(7, { by });
    await keepsTo(worker, { default: 7, images: 4 });
    const shown = () => inspector.workers().then(([one]) => one?.queues);
    const override = { concurrency: 4, active: 0, desired: 7, isOverridden: true };
    const ruled = { concurrency: 7, active: 0, desired: 7, isOverridden: false };
    await until(async () => (await shown())?.images?.desired === 7, { what: 'it to be told' });
    expect(await inspector.workers()).toMatchObject([
      { labels, concurrencyBounds: { min: 0, max: 10_000 } },
    ]);
    expect(await shown()).toEqual({ default: ruled, images: override });
    await worker.resetConcurrency();
    expect(worker.concurrency).toEqual({ default: 7, images: 7 });
    await until(async () => (await shown())?.images?.isOverridden === false, {
      what: 'the reset to be told',
    });
    expect(await shown()).toEqual({ default: ruled, images: ruled });
    expect(changes).toEqual([
      { queue: 'images', concurrency: 4, reason: 'override' },
      { queue: 'default', concurrency: 7, reason: 'rule' },
      { queue: 'images', concurrency: 7, reason: 'reset' },
    ]);
    await until(async () => (await fleet.audit()).length === 3, { what: 'three lines' });
    const line = { at: expect.any(Number), by: 'worker w-1', worker: name, queue: 'images' };
    expect(await fleet.audit()).toEqual([
      { ...line, action: 'worker.reset', from: 4, to: 7 },
      { at: expect.any(Number), by, action: 'concurrency.set', to: 7 },
      { ...line, action: 'worker.override', from: 10, to: 4 },
    ]);
    await expect(worker.resetConcurrency('nope')).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  test.each([
    [{ labels: { 'a b': 'c' } }, /labels/],
    [{ labels: 'eu' }, /labels/],
    [{ concurrencyBounds: { min: 5, max: 4 } }, /concurrencyBounds\.max/],
    [{ concurrencyBounds: { min: -1 } }, /concurrencyBounds\.min/],
    [{ concurrencyBounds: { most: 1 } }, /concurrencyBounds/],
    [{ concurrencyBounds: 5 }, /concurrencyBounds/],
  ])('a worker refuses %j', async (options, message) => {
    const worker = open().worker(tasks, handlers, options as object);
    await expect(worker).rejects.toThrow(message);
  });
});
