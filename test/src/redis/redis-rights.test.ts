import { readFileSync } from 'node:fs';
import { createGoflow, defineTasks } from '@goflow/sdk';
import { RedisServer, until } from '@goflow/testing';
import { createWorker, defineHandlers } from '@goflow/worker';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

const tasks = defineTasks({
  repeater: { payload: z.string(), result: z.string() },
  flaky: { payload: z.null(), result: z.number(), backoff: 1 },
});
const handlers = defineHandlers(tasks, {
  repeater: (payload) => payload,
  flaky: (_payload, ctx) => {
    if (ctx.attempt < 3) throw new Error('again');
    return ctx.attempt;
  },
});

/** The rule of docs/redis.md, as the words of an ACL SETUSER. */
function documentedRule(isBefore72: boolean): string[] {
  const page = readFileSync(new URL('../../../docs/redis.md', import.meta.url), 'utf8');
  const rule = /```\n(user goflow[\s\S]*?)```/.exec(page)?.[1] ?? '';
  const words = rule.split(/\s+/).filter(Boolean).slice(2);
  return words.filter((word) => !(isBefore72 && word === '+client|setinfo'));
}

test('the rights in docs/redis.md are enough for everything, and no other command is tried', async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  const version = /redis_version:(\d+)\.(\d+)/.exec(await admin.info('server'));
  const isBefore72 = Number(version?.[1]) < 7 || (version?.[1] === '7' && Number(version[2]) < 2);
  await admin.call('ACL', 'SETUSER', 'goflow', ...documentedRule(isBefore72));
  const redis = server.url.replace('redis://', 'redis://goflow:password@');
  const goflow = createGoflow({ tasks, redis });
  onTestFinished(() => goflow.close());
  const worker = createWorker({ tasks, handlers, redis, concurrency: 2 });
  onTestFinished(() => worker.stop({ grace: 0 }));
  await worker.start();
  const ids = await goflow.pushMany('repeater', ['a', 'b']);
  expect(await Promise.all(ids.map((id) => goflow.wait(id)))).toEqual(['a', 'b']);
  expect(await goflow.wait(await goflow.push('flaky', null))).toBe(3);
  expect(await goflow.wait(await goflow.push('repeater', 'later', { delay: 5, priority: 3 }))).toBe(
    'later',
  );
  await worker.setConcurrency(0);
  await goflow.push('repeater', 'waits');
  await until(async () => (await goflow.counts()).waiting === 1, { what: 'one task waits' });
  expect(await goflow.counts()).toMatchObject({ completed: 4 });
  expect(await worker.readiness()).toEqual({ ready: true });
  const log = (await admin.call('ACL', 'LOG')) as unknown[][];
  // Told apart from what a worker may look at but need not: how Redis is set up, and its own name of the library.
  const refused = log.map((entry) => String(entry[entry.indexOf('object') + 1]));
  expect(
    refused.filter((command) => !['config|get', 'client|setinfo', 'client'].includes(command)),
  ).toEqual([]);
});
