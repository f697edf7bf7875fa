import { createGoflow, defineTasks } from '@goflow/sdk';
import { RedisServer, until } from '@goflow/testing';
import { createWorker } from '@goflow/worker';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { Barrier } from '../support/barrier.js';

const tasks = defineTasks({ hold: { payload: z.number(), result: z.number() } });

/** A log whose lines are counted, by what they say. */
function countingLog() {
  const lines: string[] = [];
  const write = (_fields: object | string, message = ''): void => void lines.push(message);
  const logger = { debug: () => undefined, info: write, warn: write, error: write };
  return {
    lines,
    logger: { ...logger, child: () => ({ ...logger, child: () => logger as never }) },
  };
}

test('while Redis is away, with a hundred tasks that end meanwhile and as many pushes, a log gets a few lines a second', async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const [ofWorker, ofClient] = [countingLog(), countingLog()];
  const barrier = new Barrier();
  const run = async (payload: number): Promise<number> => {
    await barrier.pass();
    return payload;
  };
  const redis = server.url;
  const options = { tasks, redis, handlers: { hold: run }, concurrency: 100, grace: '1s' } as const;
  const worker = createWorker({ ...options, logger: ofWorker.logger });
  const goflow = createGoflow({ tasks, redis, timeout: '500ms', logger: ofClient.logger });
  onTestFinished(async () => {
    await Promise.all([worker.stop(), goflow.close()]);
  });
  await worker.start();
  await goflow.pushMany(
    'hold',
    Array.from({ length: 100 }, (_, n) => n),
  );
  await until(() => barrier.waiting === 100, { what: 'all slots to be held' });
  const [before, startedAt] = [ofWorker.lines.length, performance.now()];
  await server.kill9();
  barrier.open();
  let refused = 0;
  const isOver = (): boolean => performance.now() - startedAt > 5_000;
  await until(
    async () => {
      const pushes = Array.from({ length: 100 }, (_, n) => goflow.push('hold', n));
      for (const { status } of await Promise.allSettled(pushes))
        if (status === 'rejected') refused += 1;
      return isOver();
    },
    { what: 'five seconds to pass', everyMs: 1 },
  );
  const seconds = (performance.now() - startedAt) / 1_000;
  expect(refused).toBeGreaterThan(500);
  expect((ofWorker.lines.length - before) / seconds).toBeLessThan(10);
  expect(ofClient.lines.length / seconds).toBeLessThan(10);
  // It was not silent either.
  expect(ofWorker.lines.length).toBeGreaterThan(before);
  expect(ofClient.lines.length).toBeGreaterThan(0);
});
