import { RedisServer } from '@goflow/testing';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openPlace } from './place.test-d.js';
import { Suspects, Turns } from './suspects.js';

function open() {
  const { redis, prefix, key } = openPlace();
  const marks = () => redis.hgetall(key('suspects'));
  return {
    redis,
    prefix,
    marks,
    suspects: new Suspects({ redis, prefix, turns: new Turns() }, 'default'),
  };
}

/** Enters one that may run. */
async function enter(suspects: Suspects, unique: string, worker = 'w'): Promise<() => void> {
  const turn = await suspects.enter(unique, worker);
  if (typeof turn === 'string') throw new Error(`${unique} is ${turn}`);
  return turn;
}

/** Tells when its turn has come. */
function entering(suspects: Suspects, unique: string, order: string[]) {
  return enter(suspects, unique).then((leave) => {
    order.push(unique);
    return leave;
  });
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a suspect is marked with the worker that runs it, and acquitted when it did no harm', async () => {
  const { suspects, marks } = open();
  const leave = await enter(suspects, 'a', 'worker 1');
  expect(leave).toBeTypeOf('function');
  expect(await marks()).toEqual({ a: 'worker 1' });
  leave();
  await suspects.acquit('a');
  expect(await marks()).toEqual({});
  expect(await suspects.enter('a', 'worker 1')).toBeTypeOf('function');
});

test('one that bears its mark already has killed a second process: it is not to run', async () => {
  const { suspects, marks, redis, prefix } = open();
  await suspects.enter('a', 'the dead worker');
  const next = new Suspects({ redis, prefix, turns: new Turns() }, 'default');
  expect(await next.enter('a', 'the next worker')).toBe('poison');
  expect(await marks()).toEqual({ a: 'the dead worker' });
  // It took nobody's turn.
  expect(await next.enter('b', 'the next worker')).toBeTypeOf('function');
});

test('one runs at a time, in the order of their coming; one that waits bears no mark yet', async () => {
  const { suspects, marks, redis } = open();
  const order: string[] = [];
  const leaveA = await entering(suspects, 'a', order);
  const b = entering(suspects, 'b', order);
  const c = entering(suspects, 'c', order);
  // Commands of one connection are answered in turn: what b and c have asked is answered.
  await redis.ping();
  await turn();
  expect(Object.keys(await marks())).toEqual(['a']);
  leaveA();
  const leaveB = await b;
  expect(order).toEqual(['a', 'b']);
  expect(Object.keys(await marks()).sort()).toEqual(['a', 'b']);
  leaveB();
  await c;
  expect(order).toEqual(['a', 'b', 'c']);
});

test('one that bears its mark does not wait for its turn', async () => {
  const { suspects } = open();
  await suspects.enter('a', 'w');
  expect(await suspects.enter('a', 'w')).toBe('poison');
});

test('one that runs for very long holds the next up for 30 s only', async () => {
  const { suspects, redis } = open();
  await redis.ping();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const order: string[] = [];
  await entering(suspects, 'a', order);
  const b = entering(suspects, 'b', order);
  await redis.ping();
  vi.advanceTimersByTime(29_999);
  await redis.ping();
  await turn();
  expect(order).toEqual(['a']);
  vi.advanceTimersByTime(1);
  await b;
  expect(order).toEqual(['a', 'b']);
});

test('one that has left leaves no timer behind', async () => {
  const { suspects, redis } = open();
  await redis.ping();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const leave = await enter(suspects, 'a');
  expect(vi.getTimerCount()).toBe(1);
  leave();
  expect(vi.getTimerCount()).toBe(0);
});

test('queues have marks of their own', async () => {
  const { suspects, redis, prefix } = open();
  await suspects.enter('a', 'w');
  expect(
    await new Suspects({ redis, prefix, turns: new Turns() }, 'images').enter('a', 'w'),
  ).toBeTypeOf('function');
});

test('one that could not be marked gives its turn to the next, else all of them would wait for ever', async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  await admin.call('ACL', 'SETUSER', 'reader', 'on', '>secret', '~*', '+@all', '-hset');
  const reader = new Redis(server.url, { username: 'reader', password: 'secret' });
  onTestFinished(() => reader.disconnect());
  const suspects = new Suspects({ redis: reader, prefix: 'p', turns: new Turns() }, 'default');
  await expect(suspects.enter('a', 'w')).rejects.toThrow('NOPERM');
  await admin.call('ACL', 'SETUSER', 'reader', '+hset');
  expect(await suspects.enter('b', 'w')).toBeTypeOf('function');
});

test('the suspects of all queues of one worker run one at a time: a process dies with all that it runs', async () => {
  const { redis, prefix } = open();
  const turns = new Turns();
  const order: string[] = [];
  const [first, second] = ['default', 'images'].map(
    (queue) => new Suspects({ redis, prefix, turns }, queue),
  ) as [Suspects, Suspects];
  const leave = await entering(first, 'a', order);
  const waiting = entering(second, 'b', order);
  await redis.ping();
  await turn();
  expect(order).toEqual(['a']);
  leave();
  await waiting;
  expect(order).toEqual(['a', 'b']);
});

test('one that is gone when its turn comes is not marked, and lets the next one run', async () => {
  const { suspects, marks } = open();
  const leave = await enter(suspects, 'a');
  const [b, c] = ['b', 'c'].map((unique) => suspects.enter(unique, 'w', () => unique === 'b'));
  leave();
  expect(await b).toBe('gone');
  expect(await c).toBeTypeOf('function');
  expect(Object.keys(await marks()).sort()).toEqual(['a', 'c']);
});
