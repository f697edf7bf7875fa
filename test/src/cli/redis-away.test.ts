import { RedisServer, startProgram, until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { openRedis } from '../support/redis.js';
import { GOFLOW, runCli } from './cli.js';

// Redis goes away while a command waits.

test('wait and watch say that Redis is away, and that it is back; a time that is over meanwhile ends with 3', async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const flags = ['--redis', server.url];
  const { stdout } = await runCli(undefined, ['push', 'echo', '1', ...flags]);
  const id = stdout.trim();
  const begin = (...args: string[]) => {
    const program = startProgram(GOFLOW, [...args, ...flags]);
    onTestFinished(() => program[Symbol.asyncDispose]());
    return program;
  };
  const short = begin('wait', id, '--for', '8s');
  const watching = begin('watch', id);
  const redis = openRedis(server.url);
  const count = async (pattern: string) => (await redis.pubsub('CHANNELS', pattern)).length;
  const listening = async () => (await count('*:reply:*')) + (await count('*:watch:*')) === 3;
  await until(listening, { what: 'both to listen' });
  const pings = async () =>
    Number(/cmdstat_ping:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1]);
  const before = await pings();
  // Each looks once a second: by then both have asked for the task.
  await until(async () => (await pings()) >= before + 4, { what: 'both to look for Redis' });
  server.pause();
  await Promise.all([
    short.line(/Redis is away, and looked for/),
    watching.line(/Redis is away, and looked for/),
  ]);
  expect(await short.exited).toMatchObject({ code: 3 });
  expect(short.stderr).toMatch(/BROKER_UNAVAILABLE: the time is over and Redis is away/);
  expect(short.stderr.match(/looked for/g)).toHaveLength(1);
  server.resume();
  await watching.line(/Redis answers again/);
  watching.signal('SIGINT');
  expect(await watching.exited).toMatchObject({ code: 130 });
});
