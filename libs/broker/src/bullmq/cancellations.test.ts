import { RedisServer, until } from '@goflow/testing';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { cancelTask } from './cancel-task.js';
import { Cancellations } from './cancellations.js';
import { openPlanted } from './inspector/planted-jobs.test-d.js';
import { cancelChannel, queueKey } from './keys.js';
import { cutSubscriber, openPlace, subscribersOf } from './place.test-d.js';

function open() {
  const place = openPlace();
  const { redis, prefix } = place;
  const troubles: unknown[] = [];
  const report = (error: unknown) => void troubles.push(error);
  const cancellations = new Cancellations({ redis, prefix, report });
  onTestFinished(() => cancellations.close());
  const say = (message: string, queue = 'default') =>
    redis.publish(cancelChannel(prefix, queue), message);
  const tell = (unique: string, reason = 'why', queue = 'default') =>
    say(JSON.stringify([unique, reason]), queue);
  return { ...place, troubles, cancellations, say, tell };
}

/** Who runs these tasks, and what it was told. */
function runnerOf(...running: string[]) {
  const told: string[][] = [];
  return {
    told,
    running: () => running,
    hasChunks: () => false,
    cancel: (unique: string, reason: string) => {
      if (!running.includes(unique)) return false;
      told.push([unique, reason]);
      return true;
    },
  };
}

test('who runs a task hears that it is to end, and why', async () => {
  const { cancellations, tell } = open();
  const runner = runnerOf('a', 'b');
  await cancellations.listen('default', runner);
  await tell('a', 'changed "my" mind');
  await tell('b', 'x'.repeat(500));
  await until(() => runner.told.length === 2, { what: 'both to be told' });
  expect(runner.told).toEqual([
    ['a', 'changed "my" mind'],
    ['b', 'x'.repeat(500)],
  ]);
  expect(cancellations.isEarly('default', 'a')).toBe(false);
});

test('the message is that of a cancel', async () => {
  const planted = openPlanted();
  const { redis, prefix } = planted;
  const unique = `u${'0'.repeat(21)}`;
  await planted.active({ unique });
  const cancellations = new Cancellations({ redis, prefix, report: () => undefined });
  onTestFinished(() => cancellations.close());
  const runner = runnerOf(unique);
  await cancellations.listen('default', runner);
  expect(await cancelTask({ redis, prefix }, `default:${unique}`, 'ünï "why"')).toMatchObject({
    found: 'active',
    effect: 'requested',
  });
  await until(() => runner.told.length === 1, { what: 'it to be told' });
  expect(runner.told).toEqual([[unique, 'ünï "why"']]);
  expect(await cancellations.find('default', unique)).toBe('ünï "why"');
});

test('queues share one connection, and hear only of their own', async () => {
  const { cancellations, redis, tell } = open();
  const [one, two] = [runnerOf('a'), runnerOf('a')];
  await cancellations.listen('default', one);
  await cancellations.listen('images', two);
  expect(await subscribersOf(redis)).toHaveLength(1);
  await tell('a', 'why', 'images');
  await until(() => two.told.length === 1, { what: 'the other queue to be told' });
  expect(one.told).toEqual([]);
});

test('a wish for a task that is not here yet is remembered, and the reason stands in Redis', async () => {
  const { cancellations, redis, key, tell } = open();
  const runner = runnerOf();
  await cancellations.listen('default', runner);
  await redis.hset(key('cancelling'), 'a', 'why');
  await tell('a');
  await until(() => cancellations.isEarly('default', 'a'), { what: 'it to be heard' });
  expect(cancellations.isEarly('images', 'a')).toBe(false);
  expect(runner.told).toEqual([]);
  expect(await cancellations.find('default', 'a')).toBe('why');
  // It was looked up: the next one is news again.
  expect(cancellations.isEarly('default', 'a')).toBe(false);
});

test('Redis has the truth: a message about a task that was redriven since means nothing', async () => {
  const { cancellations, tell } = open();
  await cancellations.listen('default', runnerOf());
  await tell('a');
  await until(() => cancellations.isEarly('default', 'a'), { what: 'it to be heard' });
  expect(await cancellations.find('default', 'a')).toBeUndefined();
});

test('of wishes for tasks elsewhere the last 1,000 are remembered', async () => {
  const { cancellations, tell } = open();
  await cancellations.listen('default', runnerOf());
  await Promise.all(Array.from({ length: 1_001 }, (_, at) => tell(`t${at}`)));
  await until(() => cancellations.isEarly('default', 't1000'), { what: 'the last to be heard' });
  expect(cancellations.isEarly('default', 't0')).toBe(false);
  expect(cancellations.isEarly('default', 't1')).toBe(true);
});

test.each(['', 'x', '{', 'null', '5', '"ab"', '[]', '["a"]', '["a","b","c"]', '{"0":"a","1":"b"}'])(
  'a message of somebody else’s does no harm: %j',
  async (message) => {
    const { cancellations, say, tell, troubles } = open();
    const runner = runnerOf('a', 'last');
    await cancellations.listen('default', runner);
    await say(message);
    await tell('last');
    await until(() => runner.told.length > 0, { what: 'the last to be told' });
    expect(runner.told).toEqual([['last', 'why']]);
    expect(troubles).toEqual([]);
  },
);

test('a wish whose message was lost is found with the next look, for what runs here', async () => {
  const { cancellations, redis, prefix, key } = open();
  const [one, two] = [runnerOf('a', 'b'), runnerOf('c')];
  await cancellations.listen('default', one);
  await cancellations.listen('images', two);
  await redis.hset(key('cancelling'), 'b', 'why', 'elsewhere', 'why');
  await redis.hset(queueKey(prefix, 'images', 'cancelling'), 'c', 'another reason');
  await cancellations.check();
  expect(one.told).toEqual([['b', 'why']]);
  expect(two.told).toEqual([['c', 'another reason']]);
});

test('after the connection was away wishes are looked for at once', async () => {
  const { cancellations, redis, key } = open();
  const runner = runnerOf('a');
  await cancellations.listen('default', runner);
  await redis.hset(key('cancelling'), 'a', 'why');
  await cutSubscriber(redis);
  await until(() => runner.told.length > 0, { what: 'it to be told' });
  expect(runner.told).toEqual([['a', 'why']]);
});

test('a wish that is fulfilled is forgotten, and no other', async () => {
  const { cancellations, redis, key, troubles } = open();
  await redis.hset(key('cancelling'), 'a', 'why', 'b', 'why');
  cancellations.forget('default', 'a');
  await until(async () => (await redis.hkeys(key('cancelling'))).join() === 'b', {
    what: 'it to be forgotten',
  });
  expect(troubles).toEqual([]);
});

test('a wish that cannot be forgotten is reported, and nobody waits for it', async () => {
  const { cancellations, redis, troubles } = open();
  redis.disconnect();
  cancellations.forget('default', 'a');
  await until(() => troubles.length === 1, { what: 'the trouble to be reported' });
});

test('closed, it hears nothing more and holds no connection', async () => {
  const { cancellations, redis, tell } = open();
  const runner = runnerOf('a');
  await cancellations.listen('default', runner);
  await cancellations.close();
  await until(async () => (await subscribersOf(redis)).length === 0, {
    what: 'the connection to be closed',
  });
  await tell('a');
  expect(runner.told).toEqual([]);
});

test('without a queue there is no connection to close', async () => {
  const { cancellations } = open();
  await cancellations.close();
});

test('a wish whose message was lost is found for tasks that wait in a chunk, too', async () => {
  const { cancellations, redis, key } = open();
  const runner = { ...runnerOf('u.1', 'u.700'), running: () => [] };
  await cancellations.listen('default', runner);
  const others = Array.from({ length: 2_500 }, (_, at) => [`v.${at}`, 'not here']);
  await redis.hset(key('cancelling'), Object.fromEntries([...others, ['u.700', 'why']]));
  await cancellations.check();
  expect(runner.told).toEqual([]);
  Object.assign(runner, { hasChunks: () => true });
  await cancellations.check();
  expect(runner.told).toEqual([['u.700', 'why']]);
});

test('a channel that Redis refused to tell is asked for again with the next heartbeat', async () => {
  const server = await RedisServer.start();
  const redis = new Redis(server.url);
  const cancellations = new Cancellations({ redis, prefix: 'p', report: () => undefined });
  onTestFinished(async () => {
    await cancellations.close();
    redis.disconnect();
    await server.stop();
  });
  const runner = runnerOf('a');
  await redis.call('ACL', 'SETUSER', 'default', '-subscribe');
  await expect(cancellations.listen('default', runner)).rejects.toThrow('NOPERM');
  await redis.call('ACL', 'SETUSER', 'default', '+subscribe');
  await cancellations.check();
  await until(
    async () => (await redis.publish(cancelChannel('p', 'default'), '["a","why"]')) === 1,
    { what: 'somebody hears' },
  );
  await until(() => runner.told.length > 0, { what: 'it is told' });
});
