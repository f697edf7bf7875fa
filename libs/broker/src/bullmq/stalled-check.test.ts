import { until } from '@goflow/testing';
import { expect, inject, onTestFinished, test } from 'vitest';
import { createBullMqBroker } from './bullmq-broker.js';
import { createBullMqConsumerBroker } from './bullmq-consumer-broker.js';
import { envelopeOf, openPlace, uniqueIn } from './place.test-d.js';

/** A queue with one consumer, and a task that a worker took which is no more: it is active, and nobody holds its lease. */
async function open(concurrency: number) {
  const { prefix, redis, key } = openPlace();
  const broker = createBullMqBroker({ redis: inject('redisUrl'), prefix });
  const consumers = createBullMqConsumerBroker({
    redis: inject('redisUrl'),
    prefix,
    lease: '1s',
  });
  let taken = 0;
  const consumer = consumers.consume({
    queue: 'default',
    concurrency,
    worker: 'w',
    run: async () => {
      taken += 1;
      return { kind: 'completed', resultJson: undefined };
    },
    retention: new Map(),
    listener: { settled: () => undefined, leaseLost: () => undefined },
  });
  onTestFinished(async () => {
    await consumer.stop(0);
    await consumers.close();
    await broker.close();
  });
  const loseOne = async (): Promise<string> => {
    const { id } = await broker.push(envelopeOf());
    await redis.lmove(key('wait'), key('active'), 'RIGHT', 'LEFT');
    return uniqueIn(id);
  };
  return { redis, key, consumer, loseOne, taken: () => taken };
}

test.each([
  { how: 'was built', concurrency: 0 },
  { how: 'is set', concurrency: 10 },
])('a worker that $how to take nothing gives the tasks of dead workers back', async (given) => {
  const { concurrency } = given;
  const { redis, key, consumer, loseOne, taken } = await open(concurrency);
  await consumer.start();
  if (concurrency > 0) await consumer.setConcurrency(0);
  const lost = await loseOne();
  await until(async () => (await redis.llen(key('wait'))) === 1, { what: 'it to wait again' });
  expect(await redis.lrange(key('wait'), 0, -1)).toEqual([lost]);
  expect(await consumer.counts()).toMatchObject({ waiting: 1, active: 0 });
  expect([taken(), await redis.hget(key(lost), 'stc')]).toEqual([0, '1']);
  await consumer.setConcurrency(1);
  await until(() => taken() === 1, { what: 'it to be taken' });
});

test('a worker that leaves looks after nothing any more', async () => {
  const { redis, key, consumer, loseOne } = await open(0);
  await consumer.start();
  const looks = async () => (await redis.exists(key('stalled-check'))) === 1;
  await until(looks, { what: 'the first look' });
  await consumer.quiet();
  await until(async () => !(await looks()), { what: 'its last look to be over' });
  const lost = await loseOne();
  // Two leases: it would have been given back.
  const waited = performance.now();
  await until(() => performance.now() - waited > 2_000, { what: 'two leases to pass' });
  expect(await redis.lrange(key('active'), 0, -1)).toEqual([lost]);
});
