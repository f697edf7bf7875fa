import { defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { defineHandlers, HandlerRegistry } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';
import { onBothBrokers } from './worlds.js';

const tasks = defineTasks({
  step: { payload: z.string(), result: z.string(), maxAttempts: 2, backoff: 1 },
  other: { payload: z.string(), result: z.string(), maxAttempts: 1 },
});

/** Who ran, how many at once, and a gate at which all of them stop. */
function gated() {
  const gate = new Barrier();
  const running = new Set<string>();
  const ran: string[] = [];
  /** Of each chunk, and of all: how many ran at once. */
  const most: Record<string, number> = {};
  const count = (name: string, atOnce: number): void => {
    most[name] = Math.max(most[name] ?? 0, atOnce);
  };
  const step = async (payload: string): Promise<string> => {
    ran.push(payload);
    running.add(payload);
    const chunk = payload.slice(0, 1);
    count(chunk, [...running].filter((name) => name.startsWith(chunk)).length);
    count('all', running.size);
    await gate.pass();
    running.delete(payload);
    return payload;
  };
  const handlers = defineHandlers(tasks, { step, other: (payload) => payload });
  return { gate, ran, most, handlers };
}

/** `a0`, `a1` … */
const named = (chunk: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${chunk}${index}`);

onBothBrokers((open) => {
  test('a chunk takes one slot: never two of one at once, and two chunks at once', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const payloads = [...named('a', 4), ...named('b', 4), ...named('c', 4)];
    const ids = await goflow.pushMany('step', payloads, { chunk: 4 });
    const { gate, ran, most, handlers } = gated();
    const worker = await world.worker(tasks, handlers, { concurrency: 2 });
    await until(() => gate.waiting === 2, { what: 'two chunks to run' });
    expect(worker.active).toEqual({ default: 2 });
    for (let done = 0; done < 12; done += 1) {
      await until(() => gate.waiting > 0, { what: 'the next to run' });
      gate.letGo(1);
    }
    await goflow.waitAll(ids);
    expect(most).toEqual({ all: 2, a: 1, b: 1, c: 1 });
    for (const chunk of ['a', 'b', 'c'])
      expect(ran.filter((name) => name.startsWith(chunk))).toEqual(named(chunk, 4));
  });

  test('with one slot: chunk after chunk, each in the order of its payloads, by priority', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const { gate, ran, handlers } = gated();
    gate.open();
    const low = await goflow.pushMany('step', named('l', 3), { chunk: 3, priority: 9 });
    const high = await goflow.pushMany('step', named('h', 3), { chunk: 3, priority: 1 });
    const middle = await goflow.push('step', 'm', { priority: 5 });
    const [first, second] = [named('a', 3), named('b', 3)];
    const none = await goflow.pushMany('step', [...first, ...second], { chunk: 3 });
    await world.worker(tasks, handlers, { concurrency: 1 });
    await goflow.waitAll([...low, ...high, middle, ...none]);
    expect(ran).toEqual([...first, ...second, ...named('h', 3), 'm', ...named('l', 3)]);
  });

  test('all tasks of a chunk that is taken are active', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const { gate, handlers } = gated();
    const ids = await goflow.pushMany('step', named('a', 3), { chunk: 3 });
    await world.worker(tasks, handlers);
    await until(() => gate.waiting === 1, { what: 'the first to run' });
    for (const id of ids)
      expect(await goflow.getResult(id)).toMatchObject({ status: 'active', attempts: 0 });
    expect(await goflow.counts()).toMatchObject({ active: 3, waiting: 0 });
    const { tasks: listed } = await goflow.inspector.list({ state: 'active' });
    expect(listed.map(({ id }) => id).sort()).toEqual([...ids].sort());
    gate.open();
    await goflow.waitAll(ids);
  });

  test('stop in the middle: what runs completes, the rest is run by another worker, and nothing twice', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const first = gated();
    const ids = await goflow.pushMany('step', named('a', 6), { chunk: 6 });
    const worker = await world.worker(tasks, first.handlers, { grace: '10s', concurrency: 3 });
    await until(() => first.gate.waiting === 1, { what: 'the first to run' });
    first.gate.letGo(1);
    await until(() => first.gate.waiting === 1, { what: 'the second to run' });
    const stopped = worker.stop();
    first.gate.letGo(1);
    await stopped;
    expect(first.ran).toEqual(['a0', 'a1']);
    expect(await goflow.counts()).toMatchObject({ completed: 2, waiting: 4, active: 0 });
    const second = gated();
    second.gate.open();
    await world.worker(tasks, second.handlers);
    const results = await goflow.waitAll(ids);
    expect(results).toMatchObject(
      named('a', 6).map((value) => ({ status: 'completed', value, attempts: 1 })),
    );
    expect(second.ran).toEqual(['a2', 'a3', 'a4', 'a5']);
  });

  test('stop that breaks a task off: it and the rest go to another worker, no attempt is spent', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const first = gated();
    const ids = await goflow.pushMany('step', named('a', 4), { chunk: 4 });
    const worker = await world.worker(tasks, first.handlers);
    await until(() => first.gate.waiting === 1, { what: 'the first to run' });
    first.gate.letGo(1);
    await until(() => first.gate.waiting === 1, { what: 'the second to run' });
    await worker.stop({ grace: 0 });
    expect(await goflow.counts()).toMatchObject({ completed: 1, active: 0 });
    const second = gated();
    second.gate.open();
    await world.worker(tasks, second.handlers);
    const results = await goflow.waitAll(ids);
    expect(results).toMatchObject(ids.map(() => ({ status: 'completed', attempts: 1 })));
    expect(second.ran.toSorted()).toEqual(['a1', 'a2', 'a3']);
    first.gate.open();
    const { history } = (await goflow.inspector.get(ids[1] ?? '')) ?? {};
    expect(history).toHaveLength(1);
  });

  test('a concurrency of 0 in the middle hands the rest back, and raised again it goes on', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const { gate, ran, handlers } = gated();
    const ids = await goflow.pushMany('step', named('a', 4), { chunk: 4 });
    const worker = await world.worker(tasks, handlers);
    await until(() => gate.waiting === 1, { what: 'the first to run' });
    await worker.setConcurrency(0);
    gate.letGo(1);
    await until(async () => (await goflow.counts()).waiting === 3, { what: 'the rest to wait' });
    expect(await goflow.getResult(ids[0] ?? '')).toMatchObject({ status: 'completed' });
    gate.open();
    await worker.setConcurrency(1);
    await goflow.waitAll(ids);
    expect(ran).toEqual(named('a', 4));
  });

  test('a lower concurrency is kept after the tasks that run, not after their chunks', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const payloads = [...named('a', 4), ...named('b', 4), ...named('c', 4)];
    const ids = await goflow.pushMany('step', payloads, { chunk: 4 });
    const { gate, ran, handlers } = gated();
    const worker = await world.worker(tasks, handlers, { concurrency: 3 });
    await until(() => gate.waiting === 3, { what: 'three chunks to run' });
    await worker.setConcurrency(1);
    gate.letGo(3);
    await until(async () => (await goflow.counts()).waiting === 6, {
      what: 'two to be given back',
    });
    await until(() => gate.waiting === 1, { what: 'one to go on' });
    expect(ran).toHaveLength(4);
    gate.open();
    await goflow.waitAll(ids);
    expect(ran.toSorted()).toEqual(payloads);
  });

  test('without a handler here the whole chunk goes to the worker that has it, and no attempt is spent', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const { gate, handlers } = gated();
    gate.open();
    const only = new HandlerRegistry(tasks).add('other', (payload) => payload);
    const stranger = await world.worker(tasks, only, { concurrency: 3 });
    const handedBack: string[] = [];
    stranger.on('task:finished', ({ task, verdict }) => {
      if (verdict.kind === 'handed-back') handedBack.push(`${task.id} ${verdict.reason}`);
    });
    const ids = await goflow.pushMany('step', named('a', 4), { chunk: 4 });
    await until(async () => (await goflow.counts()).delayed === 4, {
      what: 'it to be handed back',
    });
    expect(new Set(handedBack)).toEqual(new Set([`${ids[0]} handler-missing`]));
    await world.worker(tasks, handlers);
    const results = await goflow.waitAll(ids);
    expect(results).toMatchObject(ids.map(() => ({ status: 'completed', attempts: 1 })));
  });

  test('after unroutableAfter without a worker that has the type, each task is a dead letter', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const only = new HandlerRegistry(tasks).add('other', (payload) => payload);
    await world.worker(tasks, only, { unroutableAfter: '1s' });
    const ids = await goflow.pushMany('step', named('a', 3), { chunk: 3 });
    const results = await goflow.waitAll(ids);
    expect(results).toMatchObject(
      ids.map(() => ({ status: 'failed', attempts: 0, failure: { code: 'HANDLER_MISSING' } })),
    );
  });

  test('events, callbacks and metrics are of each task', async () => {
    const world = open();
    const goflow = world.client(tasks);
    const told: string[] = [];
    const started: string[] = [];
    const finished: string[] = [];
    const note = (name: string) => (facts: { readonly id: string; readonly attempt: number }) =>
      told.push(`${name} ${facts.id} ${facts.attempt}`);
    const step = (payload: string, ctx: { readonly attempt: number }): string => {
      if (payload === 'a1' && ctx.attempt === 1) throw new Error('once');
      if (payload === 'a2') throw new Error('always');
      return payload;
    };
    const worker = await world.worker(
      tasks,
      { step, other: (payload) => payload },
      { onSuccess: note('success'), onRetry: note('retry'), onFailure: note('failure') },
    );
    worker.on('task:started', ({ task }) => started.push(task.id));
    worker.on('task:finished', ({ task }) => finished.push(task.id));
    const ids = await goflow.pushMany('step', named('a', 4), { chunk: 4 });
    await goflow.waitAll(ids);
    await until(() => told.length >= 6, { what: 'all to be told' });
    expect(told.toSorted()).toEqual(
      [
        `success ${ids[0]} 1`,
        `retry ${ids[1]} 1`,
        `success ${ids[1]} 2`,
        `retry ${ids[2]} 1`,
        `failure ${ids[2]} 2`,
        `success ${ids[3]} 1`,
      ].toSorted(),
    );
    const each = [ids[0], ids[1], ids[1], ids[2], ids[2], ids[3]].toSorted();
    expect(started.toSorted()).toEqual(each);
    expect(finished.toSorted()).toEqual(each);
    const text = await worker.metrics.text();
    const type = 'queue="default",type="step"';
    for (const line of [
      `goflow_tasks_finished_total{${type},outcome="completed"} 3`,
      `goflow_tasks_finished_total{${type},outcome="failed"} 1`,
      `goflow_task_retries_total{${type}} 2`,
      `goflow_task_run_seconds_count{${type}} 6`,
      `goflow_task_wait_seconds_count{${type}} 4`,
      `goflow_tasks_active{${type}} 0`,
      'goflow_queue_tasks{queue="default",state="completed"} 3',
      'goflow_queue_tasks{queue="default",state="failed"} 1',
    ])
      expect(text.split('\n')).toContain(line);
  });
});
