import type { WorkerAdvert } from '@goflow/shared';
import { cleanPrefix, RedisServer, testPrefix, until } from '@goflow/testing';
import { Redis } from 'ioredis';
import { afterEach, expect, inject, onTestFinished, test, vi } from 'vitest';
import { fleetKey } from '../keys.js';
import { connectConsumer, startConnecting } from '../redis-connection.js';
import { Fleet } from './fleet.js';
import { Heartbeat } from './heartbeat.js';
import { RedisClock } from './redis-clock.js';

const setImmediate = globalThis.setImmediate;
const HOUR = 3_600_000;

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const advert = (active = 0): WorkerAdvert => ({
  name: 'me',
  types: ['repeater'],
  host: 'here',
  pid: 42,
  version: '0.1.0',
  queues: { default: { concurrency: 5, active } },
  startedAt: 1_800_000_000_000,
  eventLoopLagMs: 0,
  state: 'running',
});

async function place() {
  const prefix = testPrefix();
  const redis = new Redis(inject('redisUrl'));
  onTestFinished(async () => {
    redis.disconnect();
    await cleanPrefix(inject('redisUrl'), prefix);
  });
  await redis.ping();
  return { redis, prefix, ...heart(new Fleet({ redis, prefix })) };
}

function heart(fleet: Fleet) {
  const reports: Error[] = [];
  const clock = new RedisClock({ time: () => fleet.time() });
  const report = (error: unknown): void => void reports.push(error as Error);
  const heartbeat = new Heartbeat({ fleet, clock, report });
  onTestFinished(() => heartbeat.stop());
  return { fleet, clock, heartbeat, reports };
}

/** A server of the test's own, with a worker's connection to it, which waits for Redis for ever, or a plain one. */
async function ownServer(connection: 'plain' | 'of a worker' = 'of a worker') {
  const server = await RedisServer.start();
  const { redis } = connection === 'plain' ? plain(server.url) : connectConsumer(server.url);
  redis.on('error', () => undefined);
  startConnecting(redis);
  onTestFinished(async () => {
    redis.disconnect();
    await server.stop();
  });
  await redis.ping();
  return { server, redis, ...heart(new Fleet({ redis, prefix: 'goflow' })) };
}

const plain = (url: string) => ({ redis: new Redis(url) });

const isTurn = (ms = 0): boolean => ms >= 3_600 && ms <= 4_400;

/** Turns of the event loop until it is so, where the timers are faked. */
async function turnsUntil(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

test('the first beat comes at once, measures the clock, and tells those who listen', async () => {
  const { heartbeat, fleet, clock, reports } = await place();
  const observe = vi.spyOn(clock, 'observe');
  const beats = vi.fn();
  heartbeat.onBeat(beats);
  heartbeat.start(advert);
  await until(() => beats.mock.calls.length === 1, { what: 'the first beat' });
  expect((await fleet.workers()).map(({ name }) => name)).toEqual(['me']);
  expect(observe).toHaveBeenCalledOnce();
  expect(reports).toEqual([]);
});

test('it does not keep the process alive', async () => {
  const { heartbeat } = await place();
  const timers = vi.spyOn(globalThis, 'setTimeout');
  heartbeat.start(advert);
  const beatTimer = await until(
    () => {
      const at = timers.mock.calls.findIndex(([, ms]) => isTurn(ms));
      return timers.mock.results[at]?.value as NodeJS.Timeout | undefined;
    },
    { what: 'the timer of the next beat' },
  );
  expect(beatTimer.hasRef()).toBe(false);
});

test('it beats every 4 s, give or take 10 %, each time with a new advert; a second start does nothing', async () => {
  const { heartbeat, fleet } = await place();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const beats = vi.fn();
  heartbeat.onBeat(beats);
  const made = vi.fn();
  const next = (): WorkerAdvert => {
    made();
    return advert(made.mock.calls.length);
  };
  heartbeat.start(next);
  heartbeat.start(next);
  for (let turn = 1; turn <= 5; turn += 1) {
    await turnsUntil(() => beats.mock.calls.length === turn && vi.getTimerCount() === 1);
    vi.advanceTimersByTime(3_599);
    expect(made).toHaveBeenCalledTimes(turn);
    vi.advanceTimersByTime(802);
    expect(made).toHaveBeenCalledTimes(turn + 1);
  }
  await turnsUntil(() => beats.mock.calls.length === 6);
  const [record] = await fleet.workers();
  expect(record?.queues).toEqual({ default: { concurrency: 5, active: 6 } });
});

test('never two at a time: while Redis is frozen there is one beat, and it arrives when Redis goes on', async () => {
  // Without timers of its own, which are not to run out here.
  const { server, heartbeat, fleet } = await ownServer('plain');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const beats = vi.fn();
  const asked = vi.fn(() => advert());
  heartbeat.onBeat(beats);
  server.pause();
  heartbeat.start(asked);
  vi.advanceTimersByTime(HOUR);
  expect(asked).toHaveBeenCalledOnce();
  server.resume();
  await turnsUntil(() => beats.mock.calls.length === 1);
  expect(await fleet.workers()).toHaveLength(1);
});

test('Redis dies, forgets all and comes back: the worker is in the fleet again by itself', async () => {
  const { server, heartbeat, fleet } = await ownServer();
  heartbeat.start(advert);
  await until(async () => (await fleet.workers()).length === 1, { what: 'the first beat' });
  await server.kill9();
  await server.restart();
  await until(async () => (await fleet.workers()).length === 1, { what: 'the next beat' });
});

test('a beat that fails is reported and tried again at the next turn; so is an advert that throws', async () => {
  const { redis, prefix, heartbeat, fleet, reports } = await place();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await redis.set(fleetKey(prefix, 'workers'), 'not a hash');
  let isBroken = false;
  heartbeat.start(() => {
    if (isBroken) throw new Error('broken advert');
    return advert();
  });
  await turnsUntil(() => reports.length === 1 && vi.getTimerCount() === 1);
  expect(reports[0]?.message).toContain('WRONGTYPE');
  isBroken = true;
  vi.advanceTimersByTime(4_400);
  await turnsUntil(() => reports.length === 2 && vi.getTimerCount() === 1);
  expect(reports[1]?.message).toBe('broken advert');
  isBroken = false;
  await redis.del(fleetKey(prefix, 'workers'));
  vi.advanceTimersByTime(4_400);
  await turnsUntil(() => vi.getTimerCount() === 1);
  expect(await fleet.workers()).toHaveLength(1);
  expect(reports).toHaveLength(2);
});

test('a listener that throws or rejects is reported, and the others are told', async () => {
  const { heartbeat, reports } = await place();
  const told = vi.fn();
  heartbeat.onBeat(() => {
    throw new Error('thrown');
  });
  heartbeat.onBeat(() => Promise.reject(new Error('rejected')));
  heartbeat.onBeat(told);
  heartbeat.start(advert);
  await until(() => told.mock.calls.length === 1 && reports.length === 2, {
    what: 'all were told',
  });
  expect(reports.map(({ message }) => message)).toEqual(['thrown', 'rejected']);
});

test.each([
  [HOUR, 'ahead of'],
  [-HOUR, 'behind'],
])('a clock that is wrong by %i ms is told, once, with what to do', async (wrongBy, direction) => {
  const { heartbeat, clock, reports } = await place();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const right = Date.now;
  vi.spyOn(Date, 'now').mockImplementation(() => right() + wrongBy);
  const beats = vi.fn();
  heartbeat.onBeat(beats);
  heartbeat.start(advert);
  for (let turn = 1; turn <= 3; turn += 1) {
    await turnsUntil(() => beats.mock.calls.length === turn && vi.getTimerCount() === 1);
    vi.advanceTimersByTime(4_400);
  }
  expect(reports).toHaveLength(1);
  expect(reports[0]?.message).toMatch(
    new RegExp(`^this machine's clock is ${direction} Redis's by 3(?:600\\.0|599\\.9) s: .*NTP`),
  );
  expect(Math.abs(clock.now() - right())).toBeLessThan(1_000);
});

test('stop() leaves the fleet, beats no more, and can be called twice', async () => {
  const { heartbeat, fleet, redis, prefix } = await place();
  heartbeat.start(advert);
  await until(async () => (await fleet.workers()).length === 1, { what: 'the first beat' });
  const stopping = heartbeat.stop();
  expect(heartbeat.stop()).toBe(stopping);
  await stopping;
  expect(await fleet.workers()).toEqual([]);
  heartbeat.start(advert);
  expect(await redis.exists(fleetKey(prefix, 'workers'))).toBe(0);
});

test('a beat on its way when stop() is called does not bring the worker back, and is the last', async () => {
  const { heartbeat, fleet, redis } = await ownServer();
  const timers = vi.spyOn(globalThis, 'setTimeout');
  // Redis has forgotten the script: the beat is sent twice, and leaving, which is known again, would come between.
  await fleet.beat(advert());
  await redis.script('FLUSH');
  await fleet.leave('me');
  heartbeat.start(advert);
  await heartbeat.stop();
  expect(await fleet.workers()).toEqual([]);
  expect(timers.mock.calls.some(([, ms]) => isTurn(ms))).toBe(false);
});

test('stop() ends while Redis is frozen, and the beat on its way is not reported', async () => {
  const { server, heartbeat, redis, reports } = await ownServer('plain');
  server.pause();
  heartbeat.start(advert);
  await heartbeat.stop();
  const ended = new Promise((resolve) => redis.once('end', resolve));
  redis.disconnect();
  await ended;
  await new Promise((resolve) => setImmediate(resolve));
  expect(reports).toEqual([]);
});

test('stop() before start() asks nothing', async () => {
  const { heartbeat, fleet } = await place();
  const leave = vi.spyOn(fleet, 'leave');
  await heartbeat.stop();
  expect(leave).not.toHaveBeenCalled();
});

test('hurry() beats at once, and once more after a beat that is on its way; the next turn is as long as any', async () => {
  const { heartbeat, fleet, reports } = await place();
  const beats = vi.spyOn(fleet, 'beat');
  heartbeat.hurry();
  expect(beats).not.toHaveBeenCalled();
  heartbeat.start(advert);
  // While the first is on its way.
  heartbeat.hurry();
  heartbeat.hurry();
  expect(beats).toHaveBeenCalledTimes(1);
  await until(() => beats.mock.calls.length === 2, { what: 'one more', timeoutMs: 2_000 });
  await Promise.all(beats.mock.results.map(({ value }) => value as Promise<number>));
  await until(
    () => {
      heartbeat.hurry();
      return beats.mock.calls.length === 3;
    },
    { what: 'another', timeoutMs: 2_000 },
  );
  await heartbeat.stop();
  heartbeat.hurry();
  expect(beats).toHaveBeenCalledTimes(3);
  expect(reports).toEqual([]);
});
