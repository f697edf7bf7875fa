import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createGoflow, createRedisResultStore, defineTasks, type Goflow } from '@goflow/sdk';
import { RedisServer, until } from '@goflow/testing';
import { createWorker, defineHandlers, RetryLaterError, type Worker } from '@goflow/worker';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const tasks = defineTasks({
  repeater: { payload: z.string(), result: z.string() },
  flaky: { payload: z.null(), result: z.number(), backoff: 1 },
  snoozing: { payload: z.null(), result: z.null() },
  talking: { payload: z.null(), result: z.null(), progress: z.number() },
  stuck: { payload: z.null(), result: z.null() },
});
const handlers = defineHandlers(tasks, {
  repeater: (payload) => payload,
  flaky: (_payload, ctx) => {
    if (ctx.attempt < 3) throw new Error('again');
    return ctx.attempt;
  },
  snoozing: (_payload, ctx) => {
    if (ctx.starts < 2) throw new RetryLaterError('not yet', { delay: 1, counted: false });
    return null;
  },
  talking: async (_payload, ctx) => {
    ctx.log.info('half of it');
    await ctx.progress(50);
    return null;
  },
  stuck: (_payload, { signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
});
type Client = Goflow<typeof tasks.definitions>;

/** The rule of docs/redis.md, as the words of an ACL SETUSER. */
function documentedRule(isBefore72 = false): string[] {
  const page = readFileSync(`${root}docs/redis.md`, 'utf8');
  const rule = /```\n(user goflow[\s\S]*?)```/.exec(page)?.[1] ?? '';
  const words = rule.split(/\s+/).filter(Boolean).slice(2);
  return words.filter((word) => !(isBefore72 && word === '+client|setinfo'));
}

test('the rights in docs/redis.md are enough for everything, and no other command is tried', async () => {
  const { admin, redis } = await serverWithRights();
  const { goflow, worker } = await openSystem(redis);
  await pushAndWait(goflow);
  await watchAndCancel(goflow);
  await pushTheSame(goflow);
  await findAndRedrive(goflow);
  await pushInChunks(goflow);
  await pushToReplicas(redis);
  await steerTheFleet(goflow, worker);
  await worker.setConcurrency(0);
  const tagged = await goflow.push('repeater', 'waits', { tags: ['eu'], priority: 2 });
  await until(async () => (await goflow.counts()).waiting === 1, { what: 'one task waits' });
  expect(await goflow.inspector.list({ tag: 'eu', state: 'waiting' })).toMatchObject({
    tasks: [{ id: tagged }],
  });
  expect(await goflow.cancel(tagged)).toMatchObject({ effect: 'cancelled' });
  expect(await worker.readiness()).toEqual({ ready: true });
  await worker.stop({ grace: 0 });
  await goflow.close();
  expect(await refusedBy(admin)).toEqual([]);
});

test('every command of a script of goflow is among the rights: most of them run only now and then', () => {
  const rule = documentedRule();
  const commands = scripts().flatMap((text) =>
    [...text.matchAll(/redis\.p?call\('([A-Za-z]+)'/g)].map(([, name]) => name?.toLowerCase()),
  );
  expect(new Set(commands).size).toBeGreaterThan(20);
  expect([...new Set(commands)].filter((name) => !rule.includes(`+${name}`))).toEqual([]);
});

async function serverWithRights(): Promise<{ admin: Redis; redis: string }> {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  const version = /redis_version:(\d+)\.(\d+)/.exec(await admin.info('server'));
  const isBefore72 = Number(version?.[1]) < 7 || (version?.[1] === '7' && Number(version[2]) < 2);
  await admin.call('ACL', 'SETUSER', 'goflow', ...documentedRule(isBefore72));
  return { admin, redis: server.url.replace('redis://', 'redis://goflow:password@') };
}

async function openSystem(redis: string): Promise<{ goflow: Client; worker: Worker }> {
  const resultStore = createRedisResultStore({ redis });
  onTestFinished(() => resultStore.close());
  const goflow = createGoflow({ tasks, redis, resultStore, strict: true });
  onTestFinished(() => goflow.close());
  const stored = { resultStore, storeResultsAbove: 100 };
  const worker = createWorker({ tasks, handlers, redis, concurrency: 4, ...stored });
  onTestFinished(() => worker.stop({ grace: 0 }));
  await worker.start();
  await until(async () => (await goflow.inspector.workers()).length === 1, { what: 'the worker' });
  return { goflow, worker };
}

async function pushAndWait(goflow: Client): Promise<void> {
  const ids = await goflow.pushMany('repeater', ['a', 'b']);
  expect(await Promise.all(ids.map((id) => goflow.wait(id)))).toEqual(['a', 'b']);
  expect(await goflow.wait(await goflow.push('flaky', null))).toBe(3);
  expect(await goflow.wait(await goflow.push('snoozing', null))).toBeNull();
  const later = await goflow.push('repeater', 'later', { delay: 5, priority: 3 });
  expect(await goflow.wait(later)).toBe('later');
  const stored = await goflow.push('repeater', 'x'.repeat(200), { retention: { completed: '1h' } });
  expect(await goflow.wait(stored)).toHaveLength(200);
  expect(await goflow.counts()).toMatchObject({ completed: 6 });
}

/** There is none, and being told so needs the right to ask. */
async function pushToReplicas(redis: string): Promise<void> {
  const goflow = createGoflow({ tasks, redis, minReplicas: 1, replicaTimeout: 10 });
  onTestFinished(() => goflow.close());
  await expect(goflow.push('repeater', 'a')).rejects.toMatchObject({ code: 'REPLICAS_MISSING' });
}

async function steerTheFleet({ fleet }: Client, worker: Worker): Promise<void> {
  for (const labels of [{ region: 'eu' }, { tier: 'a' }, {}])
    for (const concurrency of [3, 5, 5]) await fleet.setConcurrency(concurrency, { labels });
  await until(() => worker.concurrency.default === 5, { what: 'the rule to be followed' });
  await worker.setConcurrency(2);
  await until(async () => (await fleet.audit())[0]?.action === 'worker.override', {
    what: 'the override in the audit trail',
  });
  await worker.resetConcurrency();
  await fleet.resetConcurrency();
  await fleet.pause('default');
  expect(await fleet.queues()).toMatchObject([{ queue: 'default', isPaused: true }]);
  await fleet.resume('default');
  expect(await fleet.rules()).toHaveLength(2);
}

async function watchAndCancel(goflow: Client): Promise<void> {
  const told: string[] = [];
  const talking = await goflow.push('talking', null, { delay: 50 });
  for await (const { kind } of goflow.watch(talking)) told.push(kind);
  expect(told.at(-1)).toBe('outcome');
  expect(await goflow.status(talking)).toMatchObject({ progress: 50, log: [{ level: 'info' }] });
  const stuck = await goflow.push('stuck', null);
  await until(async () => (await goflow.getResult(stuck)).status === 'active', { what: 'it runs' });
  expect(await goflow.cancel(stuck)).toMatchObject({ effect: 'requested' });
  await expect(goflow.wait(stuck)).rejects.toMatchObject({ code: 'TASK_CANCELLED' });
}

async function pushTheSame(goflow: Client): Promise<void> {
  const windows = [undefined, { throttle: '1m' }, { debounce: '300ms' }] as const;
  for (const [index, deduplicationWindow] of windows.entries()) {
    // The second push is to find the first one unfinished.
    const delay = deduplicationWindow ? undefined : 100;
    const options = { deduplicationKey: `k${index}`, deduplicationWindow, tags: ['eu'], delay };
    const { id } = await goflow.pushOnce('repeater', 'a', options);
    await goflow.pushOnce('repeater', 'b', options);
    await goflow.wait(id);
  }
  const mine = { id: 'mine' };
  await goflow.push('repeater', 'a', mine);
  expect(await goflow.pushOnce('repeater', 'a', mine)).toMatchObject({ deduplicated: true });
}

async function findAndRedrive(goflow: Client): Promise<void> {
  const { inspector } = goflow;
  const failed = await goflow.push('flaky', null, { maxAttempts: 1, tags: ['eu'] });
  await expect(goflow.wait(failed)).rejects.toMatchObject({ code: 'TASK_FAILED' });
  const late = await goflow.push('stuck', null, { deadline: '20ms' });
  await expect(goflow.wait(late)).rejects.toMatchObject({ code: 'TASK_FAILED' });
  const { types } = await inspector.counts({ types: true });
  expect(types.flaky).toMatchObject({ completed: 1, failed: 1 });
  // One that changes its state meanwhile may be listed twice.
  const tagged = (await inspector.list({ tag: 'eu' })).tasks.map(({ id }) => id);
  expect(new Set(tagged).size).toBe(4);
  expect((await inspector.list({ text: 'half', since: new Date(0) })).tasks).toEqual([]);
  expect(await inspector.get(failed)).toMatchObject({ reason: 'exhausted' });
  expect((await inspector.deadLetters.groups()).groups).toHaveLength(2);
  expect(await inspector.deadLetters.redriveAll({ type: 'stuck' })).toMatchObject({ redriven: 1 });
  await goflow.cancel(late);
  expect(await inspector.deadLetters.discard(failed)).toMatchObject({ discarded: true });
}

async function pushInChunks(goflow: Client): Promise<void> {
  const options = { chunk: 3, tags: ['eu'], retention: { completed: '1h' } } as const;
  const ids = [
    ...(await goflow.pushMany('repeater', ['a', 'b', 'x'.repeat(200)], options)),
    ...(await goflow.pushMany('flaky', [null, null], { ...options, priority: 2 })),
    ...(await goflow.pushMany('talking', [null], { ...options, delay: 20 })),
    ...(await goflow.pushMany('snoozing', [null], options)),
  ];
  const results = await goflow.waitAll(ids);
  expect(results.filter(({ status }) => status !== 'completed')).toEqual([]);
  expect(await goflow.status(ids[5] ?? '')).toMatchObject({ progress: 50, log: [{}] });
  const [stuck = '', next = ''] = await goflow.pushMany('stuck', [null, null], options);
  await until(async () => (await goflow.getResult(next)).status === 'active', { what: 'they run' });
  expect(await goflow.cancel(next)).toMatchObject({ effect: 'requested' });
  expect(await goflow.cancel(stuck)).toMatchObject({ effect: 'requested' });
  const [later = '', last = ''] = await goflow.pushMany('stuck', [null, null], {
    ...options,
    delay: '1h',
  });
  expect(await goflow.cancel(later)).toMatchObject({ effect: 'cancelled' });
  const cancelled = await goflow.waitAll([stuck, next, later]);
  expect(new Set(cancelled.map(({ status }) => status))).toEqual(new Set(['cancelled']));
  expect(await goflow.inspector.list({ tag: 'eu', state: 'delayed' })).toMatchObject({
    tasks: [{ id: last }],
  });
  for (const id of [ids[0], later])
    expect(await goflow.inspector.deadLetters.discard(id ?? '')).toMatchObject({
      found: expect.any(String),
    });
}

/** What Redis refused, but for what a worker may look at and need not: how Redis is set up, and the library's own name. */
async function refusedBy(admin: Redis): Promise<string[]> {
  const log = (await admin.call('ACL', 'LOG')) as unknown[][];
  const refused = log.map((entry) => String(entry[entry.indexOf('object') + 1]));
  return refused.filter((name) => !['config|get', 'client|setinfo', 'client'].includes(name));
}

function scripts(): string[] {
  const folder = `${root}libs/broker/src/bullmq`;
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/\.test(-d)?\.ts$/.test(name))
    .map((name) => readFileSync(`${folder}/${name}`, 'utf8'));
}
