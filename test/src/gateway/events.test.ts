import { defineTasks } from '@goflow/sdk';
import { openResources, until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { expectProblem } from '../support/http.js';
import { newLonelyPlace, openRedis } from '../support/redis.js';
import { makeWorker } from '../support/system.js';
import { openEvents } from './event-stream.js';
import { startGateway } from './gateway.js';

const tasks = defineTasks({ steps: { payload: z.number(), result: z.string() } });

/** A worker whose tasks say one step after another, each when it may. */
async function startSteps({ place }: Pick<Awaited<ReturnType<typeof startGateway>>, 'place'>) {
  let said = 0;
  let allowed = 0;
  const steps = async (
    count: number,
    ctx: { log: { info(text: string): void }; progress(value: unknown): unknown },
  ) => {
    for (let step = 1; step <= count; step += 1) {
      await until(() => allowed >= step, { what: `step ${step} to be allowed` });
      ctx.log.info(`step ${step}`);
      await ctx.progress(step);
      said = step;
    }
    return 'done';
  };
  const worker = makeWorker({ tasks, handlers: { steps }, concurrency: 5 }, place);
  await worker.start();
  return {
    allow: async (steps: number) => {
      allowed = steps;
      await until(() => said >= steps, { what: `step ${steps}` });
    },
    finish: () => (allowed = 1_000),
  };
}

const linesOf = (events: readonly { event: string | undefined; data: unknown }[]): string[] =>
  events.flatMap(({ event, data }) =>
    event === 'log' ? [(data as { message: string }).message] : [],
  );

test('a task is followed to its outcome, also by who comes in the middle or comes again', async () => {
  const started = await startGateway({ tasks });
  const { goflow, url, ask } = started;
  const steps = await startSteps(started);
  const id = await goflow.push('steps', 4);
  const first = await openEvents(url, id);
  await steps.allow(2);
  await until(() => linesOf(first.events).length === 2, { what: 'two lines' });
  first.leave();
  const lastId = first.events.at(-1)?.id ?? '';
  await steps.allow(3);
  const late = await openEvents(url, id);
  const again = await openEvents(url, id, { 'last-event-id': lastId });
  steps.finish();
  await Promise.all([late.ended, again.ended]);
  expect(linesOf(late.events)).toEqual(['step 1', 'step 2', 'step 3', 'step 4']);
  expect(linesOf(again.events)).toEqual(['step 3', 'step 4']);
  for (const { events } of [late, again]) {
    expect(events.filter(({ event }) => event === 'progress').at(-1)?.data).toBe(4);
    expect(events.at(-1)).toMatchObject({
      id: 'end',
      event: 'outcome',
      data: { status: 'completed', value: 'done' },
    });
  }
  expect((await openEvents(url, id, { 'last-event-id': 'end' })).status).toBe(204);
  const strange = await openEvents(url, id, { 'last-event-id': '-1e9; DROP' });
  await strange.ended;
  expect(linesOf(strange.events)).toHaveLength(4);
  expectProblem(await ask('/tasks/default:nothing/events'), 404, 'TASK_UNKNOWN');
});

test('streams end when the gateway stops', async () => {
  const { goflow, url, gateway } = await startGateway({ tasks });
  const stream = await openEvents(url, await goflow.push('steps', 1));
  await gateway.stop();
  await stream.ended;
  expect(stream.events).toEqual([]);
});

test('of 500 streams, half of which vanish, nothing is left open', async () => {
  const place = await newLonelyPlace();
  const started = await startGateway({ tasks, place });
  const { goflow, url } = started;
  const redis = openRedis(place.redis);
  const channels = async () => ((await redis.call('PUBSUB', 'CHANNELS', '*')) as string[]).length;
  const ids = await Promise.all([goflow.push('steps', 1), goflow.push('steps', 1)]);
  const warm = await openEvents(url, ids[0]);
  warm.leave();
  await warm.ended;
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = {
    sockets: openResources().TCPSocketWrap,
    timers: timers(),
    channels: await channels(),
  };
  const streams = await Promise.all(
    Array.from({ length: 500 }, (_, index) => openEvents(url, ids[index % 2] ?? '')),
  );
  expect(openResources().TCPSocketWrap).toBeGreaterThanOrEqual(990);
  for (const stream of streams.slice(250)) stream.leave();
  const isLeft = (many: number) => openResources().TCPSocketWrap <= before.sockets + 2 * many;
  await until(() => isLeft(250), { what: 'the sockets of the vanished to be closed' });
  const steps = await startSteps(started);
  steps.finish();
  await Promise.all(streams.map(({ ended }) => ended));
  const outcomes = streams.slice(0, 250).filter(({ events }) => events.at(-1)?.event === 'outcome');
  expect(outcomes).toHaveLength(250);
  // The worker has sockets, timers and channels of its own.
  await until(() => openResources().TCPSocketWrap <= before.sockets + 10, {
    what: 'no socket left',
  });
  await until(() => timers() <= before.timers + 20, { what: 'no timer left' });
  await until(async () => (await channels()) <= before.channels + 5, { what: 'no channel left' });
});
