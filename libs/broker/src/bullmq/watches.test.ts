import { newTaskId, type TaskNews } from '@goflow/shared';
import { freePort, RedisServer, until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createBullMqBroker } from './bullmq-broker.js';
import { watchChannel } from './keys.js';
import { cutSubscriber, openPlace, openRedis, subscribersOf, uniqueIn } from './place.test-d.js';
import { Watches } from './watches.js';

function open() {
  const { redis, prefix } = openPlace();
  const troubles: Error[] = [];
  const watches = new Watches(redis, prefix, (error) => troubles.push(error));
  onTestFinished(() => watches.close());
  const say = (id: string, message: string) =>
    redis.publish(watchChannel(prefix, 'default', uniqueIn(id)), message);
  const tell = (id: string, progressJson: string) => say(id, JSON.stringify([progressJson, []]));
  return { redis, prefix, watches, troubles, say, tell };
}

/** Who watches, and what it hears. */
function watcher() {
  const heard: (string | undefined)[] = [];
  let gaps = 0;
  return {
    heard,
    gaps: () => gaps,
    news: ({ progressJson }: TaskNews) => void heard.push(progressJson),
    gap: () => {
      gaps += 1;
    },
  };
}

const newId = (): string => newTaskId('default');

test('who watches a task hears its news, and of no other task', async () => {
  const { watches, tell } = open();
  const [id, other] = [newId(), newId()];
  const [one, two] = [watcher(), watcher()];
  await watches.open(id, one);
  await watches.open(other, two);
  await tell(id, '1');
  await tell(other, '"a"');
  await tell(id, '2');
  await until(() => one.heard.length === 2 && two.heard.length === 1, { what: 'all to be heard' });
  expect([one.heard, two.heard]).toEqual([['1', '2'], ['"a"']]);
});

test('one task may have many who watch; each ends its watch for itself', async () => {
  const { watches, tell } = open();
  const id = newId();
  const [stays, leaves] = [watcher(), watcher()];
  await watches.open(id, stays);
  const watching = await watches.open(id, leaves);
  await tell(id, '1');
  await until(() => leaves.heard.length === 1, { what: 'both to hear' });
  await watching.close();
  await watching.close();
  await tell(id, '2');
  await until(() => stays.heard.length === 2, { what: 'the other to hear on' });
  expect(leaves.heard).toEqual(['1']);
});

test('all watches share one connection, which is there from the first to the last', async () => {
  const { watches, redis } = open();
  expect(await subscribersOf(redis)).toHaveLength(0);
  const first = await watches.open(newId(), watcher());
  const second = await watches.open(newId(), watcher());
  expect(await subscribersOf(redis)).toHaveLength(1);
  await first.close();
  const [connection] = await subscribersOf(redis);
  expect(connection).toContain(' sub=1 ');
  await second.close();
  await until(async () => (await subscribersOf(redis)).length === 0, {
    what: 'the connection to be closed',
  });
});

test('it can be watched again after all watches were closed', async () => {
  const { watches, tell } = open();
  const id = newId();
  const watching = await watches.open(id, watcher());
  await watching.close();
  const again = watcher();
  await watches.open(id, again);
  await tell(id, '1');
  await until(() => again.heard.length === 1, { what: 'it to be heard' });
});

test('after the connection was away there is a gap, and then news again; before it there was none', async () => {
  const { watches, redis, tell } = open();
  const id = newId();
  const one = watcher();
  await watches.open(id, one);
  await tell(id, '1');
  await until(() => one.heard.length === 1, { what: 'it to be heard' });
  expect(one.gaps()).toBe(0);
  await cutSubscriber(redis);
  await until(() => one.gaps() === 1, { what: 'the gap to be told' });
  await tell(id, '2');
  await until(() => one.heard.length === 2, { what: 'it to be heard again' });
});

test('what is no news does no harm', async () => {
  const { watches, say, tell, troubles } = open();
  const id = newId();
  const one = watcher();
  await watches.open(id, one);
  for (const message of ['', 'x', '[]', 'null', '5']) await say(id, message);
  await tell(id, '1');
  await until(() => one.heard.length === 1, { what: 'it to be heard' });
  expect([one.heard, troubles]).toEqual([['1'], []]);
});

test.each(['', 'x', 'default:', 'default:wait', ':', 'x'.repeat(10_000)])(
  'what is no id of a task cannot be watched: %j',
  async (id) => {
    const { watches, redis } = open();
    await expect(watches.open(id, watcher())).rejects.toMatchObject({ code: 'TASK_UNKNOWN' });
    expect(await subscribersOf(redis)).toHaveLength(0);
  },
);

test('closed, nobody hears anything more', async () => {
  const { watches, redis, tell } = open();
  const id = newId();
  const one = watcher();
  const watching = await watches.open(id, one);
  await watches.close();
  await tell(id, '1');
  await watching.close();
  expect(await subscribersOf(redis)).toHaveLength(0);
  expect(one.heard).toEqual([]);
});

test('a watch that waits for a Redis that is away can be taken back', async () => {
  const redis = openRedis(`redis://127.0.0.1:${await freePort()}`, 'nobody');
  const watches = new Watches(redis, 'p', () => undefined);
  onTestFinished(() => watches.close());
  const [id, one] = [newId(), watcher()];
  const opening = watches.open(id, one);
  const refused = expect(opening).rejects.toThrow('closed');
  await watches.leave(id, one);
  await refused;
});

test('a watch whose time was up is not opened later: nobody would close it', async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const broker = createBullMqBroker({ redis: server.url, prefix: 'p', timeout: 200 });
  onTestFinished(() => broker.close());
  await broker.ping();
  const admin = openRedis(server.url, 'admin');
  await admin.ping();
  server.pause();
  await expect(broker.watch(newId(), watcher())).rejects.toMatchObject({
    code: 'BROKER_UNAVAILABLE',
  });
  server.resume();
  await broker.ping();
  const subscribed = async () => String(await admin.pubsub('CHANNELS')).includes('watch');
  // Whoever still wanted to subscribe would have done so before this second watch.
  const watching = await broker.watch(newId(), watcher());
  expect(await admin.pubsub('CHANNELS')).toHaveLength(1);
  await watching.close();
  await until(async () => !(await subscribed()), { what: 'no watch to be left' });
});
