import type { WorkerAdvert } from '@goflow/shared';
import { cleanPrefix, freePort, testPrefix, until } from '@goflow/testing';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, expect, inject, onTestFinished, test, vi } from 'vitest';
import { Deadline } from '../deadline.js';
import { fleetKey } from '../keys.js';
import { Fleet } from './fleet.js';
import { LiveTypes } from './live-types.js';

// Only the monotonic clock: real connections have real timers.
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

const later = (ms: number): void => void vi.advanceTimersByTime(ms);

function place(url = inject('redisUrl')) {
  const prefix = testPrefix();
  const redis = new Redis(url, { maxRetriesPerRequest: 0 });
  redis.on('error', () => undefined);
  const deadline = new Deadline(redis, 300);
  onTestFinished(async () => {
    deadline.release();
    redis.disconnect();
    await cleanPrefix(inject('redisUrl'), prefix);
  });
  const fleet = new Fleet({ redis, prefix });
  const asked: Promise<unknown>[] = [];
  const live = new LiveTypes({
    fleet,
    within: (command) => {
      const question = deadline.within(command);
      asked.push(question);
      return question;
    },
  });
  return { redis, prefix, fleet, live, asked };
}

const beat = (fleet: Fleet, ...types: string[]): Promise<number> =>
  fleet.beat({ name: 'me', types, queues: {} } as unknown as WorkerAdvert);

test('known() answers at once: nothing before the first answer, then what it was', async () => {
  const { live, fleet, asked } = place();
  await beat(fleet, 'has');
  expect(live.known('has')).toBeUndefined();
  expect(live.known('has')).toBeUndefined();
  await until(() => live.known('has'), { what: 'the answer' });
  expect(live.known('has-not')).toBe(false);
  expect(asked).toHaveLength(1);
});

test('known() asks again after 5 s, and gives the old answer until the new one is there', async () => {
  const { live, fleet, asked } = place();
  await beat(fleet, 'old');
  await live.fresh('old');
  await beat(fleet, 'new');
  later(4_999);
  expect(live.known('new')).toBe(false);
  expect(asked).toHaveLength(1);
  later(1);
  expect(live.known('new')).toBe(false);
  await until(() => live.known('new'), { what: 'the new answer' });
  expect(asked).toHaveLength(2);
});

test('known() makes nothing of an answer that is 30 s old: nobody asked since', async () => {
  const { live, fleet, asked } = place();
  await beat(fleet, 'has');
  await live.fresh('has');
  later(30_001);
  expect(asked).toHaveLength(1);
  expect(live.known('has')).toBeUndefined();
  await until(() => live.known('has'), { what: 'the new answer' });
});

test('trouble in the background is passed over, and asked about again after 5 s', async () => {
  const { live, redis, fleet, prefix, asked } = place();
  await redis.set(fleetKey(prefix, 'types'), 'not a hash');
  expect(live.known('has')).toBeUndefined();
  await expect(asked[0]).rejects.toMatchObject({ code: 'BROKER_REFUSED' });
  later(4_999);
  expect(live.known('has')).toBeUndefined();
  expect(asked).toHaveLength(1);
  await redis.del(fleetKey(prefix, 'types'));
  await beat(fleet, 'has');
  later(1);
  await until(() => live.known('has'), { what: 'the answer' });
});

test('fresh() asks once for all who ask at the same time, and a yes is good for 5 s', async () => {
  const { live, redis, prefix, fleet, asked } = place();
  await beat(fleet, 'has');
  const answers = await Promise.all(['has', 'has-not', 'has'].map((type) => live.fresh(type)));
  expect(answers).toEqual([true, false, true]);
  later(4_999);
  expect(await live.fresh('has')).toBe(true);
  expect(asked).toHaveLength(1);
  await redis.del(fleetKey(prefix, 'types'));
  later(1);
  expect(await live.fresh('has')).toBe(false);
  expect(asked).toHaveLength(2);
});

test('a no is good for half a second: a worker that has just started is found', async () => {
  const { live, fleet, asked } = place();
  expect(await live.fresh('has')).toBe(false);
  await beat(fleet, 'has');
  later(499);
  expect(await live.fresh('has')).toBe(false);
  expect(asked).toHaveLength(1);
  later(1);
  expect(await live.fresh('has')).toBe(true);
});

test('fresh() fails in the time allowed when Redis is away', async () => {
  const { live } = place(`redis://127.0.0.1:${await freePort()}`);
  await expect(live.fresh('has')).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
});
