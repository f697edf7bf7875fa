import { createGoflow, defineTasks, type Logger } from '@goflow/sdk';
import { freePort, RedisServer, until } from '@goflow/testing';
import { createWorker } from '@goflow/worker';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { openRedis } from '../support/redis.js';

const tasks = defineTasks({ repeater: { payload: z.string(), result: z.string() } });
const handlers = { repeater: async (payload: string) => payload };

/** The warnings of this process that goflow gave since. */
function hearWarnings(): Error[] {
  const heard: Error[] = [];
  const hear = (warning: Error): void => {
    if ((warning as NodeJS.ErrnoException).code === 'GOFLOW_WAITS_FOR_REDIS') heard.push(warning);
  };
  process.on('warning', hear);
  onTestFinished(() => void process.off('warning', hear));
  return heard;
}

const createLogger = (): { readonly lines: string[]; readonly logger: Logger } => {
  const lines: string[] = [];
  const say = (_: object, message = ''): void => void lines.push(message);
  const logger: Logger = { debug: say, info: say, warn: say, error: say, child: () => logger };
  return { lines, logger };
};

test('a worker without a logger says once that it waits for Redis, and goes on when it comes', async () => {
  const warnings = hearWarnings();
  const port = await freePort();
  const worker = createWorker({ tasks, handlers, redis: `redis://:secret@localhost:${port}` });
  onTestFinished(() => worker.stop({ grace: 0 }));
  const starting = worker.start();
  await until(() => warnings.length > 0, { what: 'a warning' });
  const server = await RedisServer.start({ port, password: 'secret' });
  onTestFinished(() => server.stop());
  await starting;
  expect(warnings.map(String)).toEqual([
    `goflow: waiting for Redis at localhost:${port}: nobody listens there`,
  ]);
});

test('so does a client, which is told why a Redis that answers cannot be used', async () => {
  const warnings = hearWarnings();
  const server = await RedisServer.start({ password: 'secret' });
  onTestFinished(() => server.stop());
  const { port } = new URL(server.url);
  const goflow = createGoflow({ tasks, redis: `redis://127.0.0.1:${port}`, timeout: '1s' });
  onTestFinished(() => goflow.close());
  await expect(goflow.push('repeater', 'x')).rejects.toMatchObject({ code: 'BROKER_REFUSED' });
  await until(() => warnings.length > 0, { what: 'a warning' });
  expect(String(warnings[0])).toMatch(
    `goflow: waiting for Redis at 127.0.0.1:${port}: Redis refused the command: Redis needs a password`,
  );
});

test('where there is a logger, it is told, and nothing else is; nor where all was closed', async () => {
  const warnings = hearWarnings();
  const redis = { port: await freePort() };
  const { lines, logger } = createLogger();
  const worker = createWorker({ tasks, handlers, redis, logger });
  const closed = createGoflow({ tasks, redis });
  const quick = createWorker({ tasks, handlers, redis });
  const starting = [worker.start(), quick.start()].map((start) => start.catch(() => undefined));
  await until(() => lines.includes('trouble with Redis'), { what: 'a line' });
  await Promise.all([closed.close(), quick.stop({ grace: 0 })]);
  // Another one, which began later, has said so meanwhile.
  const other = createGoflow({ tasks, redis });
  await until(() => warnings.length > 0, { what: 'the warning of another' });
  await other.close();
  await worker.stop({ grace: 0 });
  await Promise.all(starting);
  expect(warnings.map(String)).toEqual([
    `goflow: waiting for Redis at localhost:${redis.port}: nobody listens there`,
  ]);
});

test('says where it waits, and no password', async () => {
  const warnings = hearWarnings();
  const places = [
    'redis+sentinel://user:secret@127.0.0.1:1/main',
    'redis+cluster://:secret@127.0.0.1:1,[::1]:2',
    { path: '/nowhere/redis.sock' },
    openRedis('redis://localhost:1'),
  ];
  for (const redis of places) {
    const goflow = createGoflow({ tasks, redis, timeout: '1s' });
    onTestFinished(() => goflow.close());
  }
  await until(() => warnings.length === places.length, { what: 'a warning of each' });
  const told = warnings.map(String).sort();
  expect(told).toEqual([
    expect.stringContaining('waiting for Redis at /nowhere/redis.sock: nobody listens there'),
    expect.stringContaining('waiting for Redis at 127.0.0.1:1, [::1]:2: '),
    expect.stringContaining('waiting for Redis at localhost:1: nobody listens there'),
    expect.stringContaining('waiting for Redis at main, of the sentinels 127.0.0.1:1: '),
  ]);
  expect(told.join()).not.toContain('secret');
});
