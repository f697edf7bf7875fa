import { defineTasks, WaitTimeoutError } from '@goflow/sdk';
import { RedisServer, until } from '@goflow/testing';
import { defineHandlers } from '@goflow/worker';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { newPlace, openRedis } from '../support/redis.js';
import { makeWorker, openClient, startSystem } from '../support/system.js';

const tasks = defineTasks({ repeater: { payload: z.string(), result: z.string() } });
const handlers = defineHandlers(tasks, { repeater: (payload) => payload });

test("after the first wait for a type, outcomes come over the client's own channel, and no QueueEvents is read", async () => {
  const { goflow, place } = await startSystem({ tasks, handlers });
  await goflow.wait(await goflow.push('repeater', 'learn'));
  const redis = openRedis(place.redis);
  const channel = await until(
    async () => ((await redis.pubsub('CHANNELS', `${place.prefix}:reply:*`)) as string[])[0],
    { what: 'the client listens' },
  );
  const id = await goflow.push('repeater', 'announced');
  expect(await redis.hget(`${place.prefix}:{default}:${id.split(':')[1]}`, 'opts')).toContain(
    channel.split(':').at(-1),
  );
  expect(await goflow.wait(id)).toBe('announced');
});

test('tasks that nobody waits for carry no address', async () => {
  const { goflow, place } = await startSystem({ tasks, handlers });
  const id = await goflow.push('repeater', 'unwatched');
  const redis = openRedis(place.redis);
  expect(await redis.hget(`${place.prefix}:{default}:${id.split(':')[1]}`, 'opts')).toBe('{}');
});

test('many waits for one task all get its result; another client can wait, too', async () => {
  const { goflow, place } = await startSystem({ tasks, handlers });
  const other = openClient(tasks, place);
  const id = await goflow.push('repeater', 'shared', { delay: 30 });
  const waits = [goflow.wait(id), goflow.wait(id), other.wait(id)];
  expect(await Promise.all(waits)).toEqual(['shared', 'shared', 'shared']);
});

test('a result too large for a message is fetched', async () => {
  const { goflow } = await startSystem({ tasks, handlers });
  await goflow.wait(await goflow.push('repeater', 'learn'));
  const large = 'x'.repeat(200_000);
  expect(await goflow.wait(await goflow.push('repeater', large))).toBe(large);
});

test('a wait that ends in vain says why nobody takes the task, where something holds it up', async () => {
  const place = newPlace();
  const goflow = openClient(tasks, place);
  const id = await goflow.push('repeater', 'nobody runs this');
  const waitFor = (one: typeof id) => goflow.wait(one, { timeout: 20 });
  await expect(waitFor(id)).rejects.toMatchObject({
    message: `no outcome of task ${id} within 20 ms; the task is held up: no live worker has a handler of this type: it waits for one`,
    details: { heldUpBy: 'no live worker has a handler of this type: it waits for one' },
  });
  const worker = makeWorker({ tasks, handlers, concurrency: 0 }, place);
  await worker.start();
  await until(async () => (await goflow.inspector.workers()).length === 1, { what: 'the worker' });
  await expect(waitFor(id)).rejects.toMatchObject({
    message: `no outcome of task ${id} within 20 ms; the task goes on`,
    details: undefined,
  });
  await goflow.fleet.pause('default');
  const waits = await Promise.allSettled([waitFor(id), waitFor(await goflow.push('repeater', ''))]);
  for (const wait of waits)
    expect(wait).toMatchObject({ reason: { details: { heldUpBy: 'its queue is paused' } } });
});

test('where Redis is away, a wait that ends in vain is told soon, and without a cause', async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const goflow = openClient(tasks, { redis: server.url, prefix: 'p' });
  const id = await goflow.push('repeater', 'nobody runs this');
  server.pause();
  const begunAt = performance.now();
  await expect(goflow.wait(id, { timeout: 20 })).rejects.toMatchObject({ details: undefined });
  expect(performance.now() - begunAt).toBeLessThan(2_000);
  server.resume();
});

test('a wait ends: by its deadline, by its signal, by close; the task goes on', async () => {
  const goflow = openClient(tasks, newPlace());
  const id = await goflow.push('repeater', 'nobody runs this');
  await expect(goflow.wait(id, { timeout: 20 })).rejects.toBeInstanceOf(WaitTimeoutError);
  const controller = new AbortController();
  const aborted = goflow.wait(id, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(aborted).rejects.toMatchObject({ code: 'WAIT_ABORTED' });
  await expect(goflow.wait(id, { signal: controller.signal })).rejects.toMatchObject({
    code: 'WAIT_ABORTED',
  });
  const closed = goflow.wait(id);
  const outcome = expect(closed).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  expect(await goflow.status(id)).toMatchObject({ status: 'waiting' });
  await goflow.close();
  await outcome;
  await expect(goflow.push('repeater', 'too late')).rejects.toMatchObject({
    code: 'CLIENT_CLOSED',
  });
  await expect(goflow.wait(id)).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
});

test('await using closes the client', async () => {
  const place = newPlace();
  let kept: { push: (type: 'repeater', payload: string) => Promise<unknown> };
  {
    await using goflow = openClient(tasks, place);
    await goflow.push('repeater', 'x');
    kept = goflow;
  }
  await expect(kept.push('repeater', 'y')).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
});
