import { inspect } from 'node:util';
import { createGoflow, defineTasks } from '@goflow/sdk';
import { RedisServer, until } from '@goflow/testing';
import { createWorker, defineHandlers } from '@goflow/worker';
import { Cluster, Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { newPlace } from '../support/redis.js';

const tasks = defineTasks({
  repeater: { payload: z.string(), result: z.string() },
  other: { payload: z.string(), result: z.string(), queue: 'other' },
});
const handlers = defineHandlers(tasks, {
  repeater: (payload) => payload,
  other: (payload) => payload,
});

test('an ioredis instance of the caller is used and stays open, for the client and for the worker', async () => {
  const { redis: url, prefix } = newPlace();
  const redis = new Redis(url);
  onTestFinished(() => redis.disconnect());
  const listeners = redis.listenerCount('error');
  const goflow = createGoflow({ tasks, redis, prefix });
  const worker = createWorker({ tasks, handlers, redis, prefix });
  await worker.start();
  expect(await goflow.wait(await goflow.push('repeater', 'mine'))).toBe('mine');
  await goflow.close();
  await worker.stop();
  expect(await redis.ping()).toBe('PONG');
  expect(redis.listenerCount('error')).toBe(listeners);
});

test('ioredis options are taken; keyPrefix is refused', async () => {
  const { redis, prefix } = newPlace();
  const { hostname, port } = new URL(redis);
  const goflow = createGoflow({ tasks, redis: { host: hostname, port: Number(port) }, prefix });
  onTestFinished(() => goflow.close());
  expect(await goflow.push('repeater', 'x')).toMatch(/^default:/);
  expect(() => createGoflow({ tasks, redis: { keyPrefix: 'mine:' } })).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }) as Error,
  );
});

test.each([['not a url'], ['http://localhost'], [42], [null], [undefined]])(
  'redis: %s is refused',
  (redis) => {
    const given = { tasks, redis: redis as string };
    expect(() => createGoflow(given)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }) as Error,
    );
    expect(() => createWorker({ ...given, handlers })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }) as Error,
    );
  },
);

test('a Redis Cluster works as it is: each queue has a slot of its own', async () => {
  const server = await RedisServer.start({
    args: ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'],
  });
  onTestFinished(() => server.stop());
  const admin = new Redis(server.url);
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  await until(
    async () => String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok'),
    {
      what: 'the cluster is up',
    },
  );
  admin.disconnect();
  const cluster = new Cluster([{ host: '127.0.0.1', port: server.port }]);
  onTestFinished(() => cluster.disconnect());
  const goflow = createGoflow({ tasks, redis: cluster });
  onTestFinished(() => goflow.close());
  const worker = createWorker({ tasks, handlers, redis: cluster });
  onTestFinished(() => worker.stop({ grace: 0 }));
  await worker.start();
  const ids = [await goflow.push('repeater', 'a'), await goflow.push('other', 'b')] as const;
  expect(await Promise.all([goflow.wait(ids[0]), goflow.wait(ids[1])])).toEqual(['a', 'b']);
  expect(
    await Promise.all(
      ['c', 'd'].map(async (payload) => goflow.wait(await goflow.push('other', payload))),
    ),
  ).toEqual(['c', 'd']);
});

test('a wrong password is in no error, no cause, and no log line', async () => {
  const server = await RedisServer.start({ password: 'the-right-password' });
  onTestFinished(() => server.stop());
  const redis = server.url.replace('the-right-password', 'planted-canary-password');
  const lines: unknown[] = [];
  const line = (...args: unknown[]): void => void lines.push(args);
  const logger = { debug: line, info: line, warn: line, error: line, child: () => logger };
  const goflow = createGoflow({ tasks, redis, timeout: 200, logger });
  onTestFinished(() => goflow.close());
  const worker = createWorker({ tasks, handlers, redis, logger });
  onTestFinished(() => worker.stop({ grace: 0 }));
  void worker.start();
  const error = await goflow.push('repeater', 'x').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'BROKER_REFUSED', details: { reason: 'WRONGPASS' } });
  await until(() => lines.length >= 2, { what: 'both have told of the trouble' });
  const told = inspect([error, lines], { depth: 10, showHidden: true });
  expect(told).toContain('WRONGPASS');
  expect(told).not.toContain('planted-canary-password');
});
