import { createGoflow, defineTasks, type Goflow, type TaskId } from '@goflow/sdk';
import { RedisServer, until } from '@goflow/testing';
import { createWorker, type Worker } from '@goflow/worker';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';

const tasks = defineTasks({ step: { payload: z.number(), result: z.number(), backoff: 1 } });
const SIZE = 30;
/** The one at whose beginning things go wrong, and one that fails once. */
const MIDDLE = 10;
const FLAKY = 15;

interface Scene {
  readonly admin: Redis;
  readonly goflow: Goflow<(typeof tasks)['definitions']>;
  readonly worker: Worker;
  readonly gate: Barrier;
  readonly ids: readonly TaskId<'step'>[];
  /** What ran, in order. */
  readonly ran: number[];
  readonly troubles: string[];
  readonly lost: string[];
}

/** A chunk that stands in its middle, in a Redis of its own. */
async function openInTheMiddle(): Promise<Scene> {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  const goflow = createGoflow({ tasks, redis: server.url, timeout: '10s' });
  onTestFinished(() => goflow.close());
  const [gate, ran] = [new Barrier(), [] as number[]];
  const step = async (n: number, { attempt }: { readonly attempt: number }): Promise<number> => {
    ran.push(n);
    if (n === MIDDLE) await gate.pass();
    if (n === FLAKY && attempt === 1) throw new Error('once');
    return n * 2;
  };
  const worker = createWorker({ tasks, handlers: { step }, redis: server.url });
  onTestFinished(() => worker.stop({ grace: 0 }));
  const [troubles, lost]: string[][] = [[], []];
  worker.on('broker:trouble', ({ error }) => troubles?.push(error.message));
  worker.on('task:lost', ({ task }) => lost?.push(task.id));
  await worker.start();
  const payloads = Array.from({ length: SIZE }, (_, n) => n);
  const ids = await goflow.pushMany('step', payloads, { chunk: SIZE });
  await until(() => gate.waiting === 1, { what: 'the middle of the chunk' });
  return { admin, goflow, worker, gate, ids, ran, troubles: troubles ?? [], lost: lost ?? [] };
}

/** All have their result; each ran once, but for the one that failed once. */
async function expectAllOnce({ goflow, ids, ran, lost }: Scene): Promise<void> {
  const results = await goflow.waitAll(ids, { timeout: '20s' });
  expect(results).toMatchObject(
    ids.map((id, n) => ({
      id,
      status: 'completed',
      value: n * 2,
      attempts: n === FLAKY ? 2 : 1,
    })),
  );
  const expected = [...Array.from({ length: SIZE }, (_, n) => n), FLAKY];
  expect(ran.toSorted((a, b) => a - b)).toEqual(expected.toSorted((a, b) => a - b));
  expect(lost).toEqual([]);
  await until(async () => (await goflow.counts()).active === 0, { what: 'the chunk to end' });
  expect(await goflow.counts()).toMatchObject({ completed: SIZE, waiting: 0, delayed: 0 });
}

const CONFIG = ['SET', 'maxmemory'] as const;
const REFUSALS = [
  {
    state: 'out of memory',
    told: 'OOM',
    refuse: (admin: Redis): Promise<unknown> => admin.config(...CONFIG, '1'),
    accept: (admin: Redis): Promise<unknown> => admin.config(...CONFIG, '0'),
  },
  {
    state: 'read only',
    // The worker connects anew, in search of the master.
    told: 'Connection is closed',
    refuse: (admin: Redis): Promise<unknown> => admin.replicaof('127.0.0.1', '1'),
    accept: (admin: Redis): Promise<unknown> => admin.replicaof('NO', 'ONE'),
  },
];

test.each(REFUSALS)(
  'Redis is $state while results are saved: nothing is lost, and nothing runs twice',
  async ({ told, refuse, accept }) => {
    const scene = await openInTheMiddle();
    const { admin, gate, troubles, ran } = scene;
    await refuse(admin);
    gate.open();
    // It cannot leave now, and the others wait for it.
    const stands = (): boolean => ran.at(-1) === FLAKY;
    await until(() => stands() && troubles.some((message) => message.includes(told)), {
      what: 'the refusal',
    });
    expect(stands()).toBe(true);
    await accept(admin);
    await expectAllOnce(scene);
  },
);

test('all connections are cut in the middle, again and again: nothing is lost, and nothing runs twice', async () => {
  const scene = await openInTheMiddle();
  const { admin, gate, ran } = scene;
  const cut = (): Promise<unknown> => admin.call('CLIENT', 'KILL', 'TYPE', 'normal');
  await cut();
  gate.open();
  await until(async () => (await cut()) && ran.length > FLAKY, { what: 'the others to run' });
  await cut();
  await expectAllOnce(scene);
});

test('Redis forgets all scripts in the middle', async () => {
  const scene = await openInTheMiddle();
  await scene.admin.script('FLUSH');
  scene.gate.open();
  await expectAllOnce(scene);
  await scene.admin.script('FLUSH');
  const [, id = ''] = await scene.goflow.pushMany('step', [100, 101], { chunk: 2 });
  expect(await scene.goflow.wait(id)).toBe(202);
});

test('Redis is away in the middle, and comes back with all it had', async () => {
  const server = await RedisServer.start({
    args: ['--appendonly', 'yes', '--appendfsync', 'always'],
  });
  onTestFinished(() => server.stop());
  const goflow = createGoflow({ tasks, redis: server.url, timeout: '20s' });
  onTestFinished(() => goflow.close());
  const [gate, ran] = [new Barrier(), [] as number[]];
  const step = async (n: number): Promise<number> => {
    ran.push(n);
    if (n === MIDDLE) await gate.pass();
    return n;
  };
  const worker = createWorker({ tasks, handlers: { step }, redis: server.url });
  onTestFinished(() => worker.stop({ grace: 0 }));
  await worker.start();
  const payloads = Array.from({ length: SIZE }, (_, n) => n);
  const ids = await goflow.pushMany('step', payloads, { chunk: SIZE });
  await until(() => gate.waiting === 1, { what: 'the middle of the chunk' });
  await server.kill9();
  gate.open();
  await until(() => ran.length === SIZE, { what: 'the rest to run meanwhile' });
  await server.restart();
  const results = await goflow.waitAll(ids, { timeout: '20s' });
  expect(results).toMatchObject(payloads.map((value) => ({ status: 'completed', value })));
  expect(ran).toEqual(payloads);
});
