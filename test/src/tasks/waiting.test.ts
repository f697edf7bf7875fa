import { defineTasks, WaitTimeoutError } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { defineHandlers } from '@goflow/worker';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { newPlace, openRedis } from '../support/redis.js';
import { openClient, startSystem } from '../support/system.js';

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
