import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { defineHandler, HandlerRegistry } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { onBothBrokersAndInChunks } from './worlds.js';

const tasks = defineTasks({
  here: { payload: z.string(), result: z.string(), maxAttempts: 1 },
  there: { payload: z.string(), result: z.string(), maxAttempts: 1 },
});

const only = (type: 'here' | 'there') =>
  new HandlerRegistry(tasks).add(type, (payload) => `${payload} ran ${type}`);

onBothBrokersAndInChunks((open) => {
  test('a type without a handler here goes to the worker that has it, and no attempt is spent', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const handedBack: string[] = [];
    const first = await world.worker(tasks, only('here'), { concurrency: 20 });
    first.on('task:finished', ({ verdict }) => {
      if (verdict.kind === 'handed-back') handedBack.push(verdict.reason);
    });
    const ids = await goflow.pushMany('there', ['a', 'b', 'c', 'd', 'e']);
    await until(() => handedBack.length >= 5, { what: 'them to be handed back' });
    await world.worker(tasks, only('there'));
    const results = await goflow.waitAll(ids);
    expect(results.map((result) => result.status)).toEqual(ids.map(() => 'completed'));
    for (const id of ids) expect(await goflow.getResult(id)).toMatchObject({ attempts: 1 });
    expect(new Set(handedBack)).toEqual(new Set(['handler-missing']));
  });

  test('a handler that is added while the worker runs takes what waited for it', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const registry = only('here');
    await world.worker(tasks, registry);
    const id = await goflow.push('there', 'x');
    await until(async () => (await goflow.getResult(id)).status === 'delayed', {
      what: 'it to be handed back',
    });
    registry.add('there', (payload) => payload);
    expect(await goflow.wait(id)).toBe('x');
  });

  test('after unroutableAfter without any worker that has the type, it is a dead letter', async () => {
    const world = open();
    const goflow = world.client(tasks);
    await world.worker(tasks, only('here'), { unroutableAfter: '1s' });
    const id = await goflow.push('there', 'x');
    await expect(goflow.wait(id)).rejects.toMatchObject({
      attempts: 0,
      failure: { code: 'HANDLER_MISSING' },
    });
    const { tasks: dead } = await goflow.inspector.deadLetters.list();
    expect(dead).toMatchObject([{ id, reason: 'no-handler' }]);
  });

  test('workers tell what they can run, and how busy they are', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const worker = await world.worker(tasks, only('here'), { name: 'w1', concurrency: 7 });
    await until(async () => (await goflow.inspector.workers()).length === 1, {
      what: 'the worker to be seen',
    });
    const [seen] = await goflow.inspector.workers();
    expect(seen).toMatchObject({
      name: 'w1',
      pid: process.pid,
      host: expect.any(String),
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      types: ['here'],
      queues: { default: { concurrency: 7, active: 0 } },
      state: 'running',
    });
    expect(seen?.seenAt).toBeInstanceOf(Date);
    await worker.stop();
    await until(async () => (await goflow.inspector.workers()).length === 0, {
      what: 'the worker to be gone',
    });
  });

  test('a push of a type that nobody handles warns once, and is refused with `strict`', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const unhandled: string[] = [];
    goflow.on('type:unhandled', ({ type }) => unhandled.push(type));
    await world.worker(tasks, only('here'));
    await until(async () => (await goflow.inspector.workers()).length === 1, {
      what: 'the worker to be seen',
    });
    for (let at = 0; at < 5; at += 1) await goflow.push('there', 'x');
    await goflow.push('here', 'x');
    await until(() => unhandled.length > 0, { what: 'the warning' });
    expect(unhandled).toEqual(['there']);
    const strict = world.client(tasks, { strict: true });
    await expect(strict.push('there', 'x')).rejects.toMatchObject({ code: 'TASK_TYPE_UNHANDLED' });
    await expect(strict.pushMany('there', ['x'])).rejects.toMatchObject({
      code: 'TASK_TYPE_UNHANDLED',
    });
    expect(await strict.wait(await strict.push('here', 'x'))).toBe('x ran here');
  });
});

test('defineHandler refuses a type that no contract has', () => {
  expect(() => defineHandler(tasks, 'nowhere' as 'here', () => '')).toThrow(
    expect.objectContaining({ code: 'TASK_TYPE_UNKNOWN' }),
  );
});
