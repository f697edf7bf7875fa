import { type JobJson, RedisConnection, type RedisQueueBackend } from 'bullmq';
import { expect, onTestFinished, test, vi } from 'vitest';
import { toJob } from '../job-codec.js';
import { envelopeOf, openPlace, uniqueIn } from '../place.test-d.js';
import { ProducerQueues } from '../producer-queues.js';
import { SharedCalls } from './shared-calls.js';

/** A client's queue whose calls are counted. */
async function open({ isOn = true, before = (_backend: RedisQueueBackend): void => undefined }) {
  const { redis, prefix, key } = openPlace();
  await redis.ping();
  const troubles: Error[] = [];
  const shared = new SharedCalls({ redis, isOn, report: (error) => troubles.push(error as Error) });
  const withBefore = {
    ofProducer: (backend: RedisQueueBackend): void => {
      before(backend);
      shared.ofProducer(backend);
    },
  } as SharedCalls;
  const queues = new ProducerQueues({
    redis,
    prefix,
    onError: () => undefined,
    shared: withBefore,
  });
  onTestFinished(() => queues.close());
  const calls: string[] = [];
  const sendCommand = redis.sendCommand.bind(redis);
  vi.spyOn(redis, 'sendCommand').mockImplementation((command) => {
    if (/^eval/.test(command.name)) calls.push(command.name);
    return sendCommand(command);
  });
  const push = async (count: number, queue = 'default') => {
    const backend = await queues.open(queue);
    calls.length = 0;
    const jobs = Array.from({ length: count }, newJob);
    const ids = await Promise.all(jobs.map((job) => backend.addJob(job, job.id)));
    expect(ids).toEqual(jobs.map(({ id }) => id));
    return calls.length;
  };
  return { redis, key, troubles, push };
}

function newJob(): JobJson {
  const envelope = envelopeOf();
  return toJob(envelope, uniqueIn(envelope.id));
}

test('40 pushes of one turn are three calls, one push is one; switched off, each is one', async () => {
  const on = await open({});
  expect(await on.push(40)).toBe(3);
  expect(await on.push(1)).toBe(1);
  const off = await open({ isOn: false });
  expect(await off.push(40)).toBe(40);
  expect([...on.troubles, ...off.troubles]).toEqual([]);
});

test('scripts that Redis has forgotten are sent again', async () => {
  const { redis, push, troubles } = await open({});
  await push(40);
  await redis.script('FLUSH');
  await push(40);
  await push(2);
  expect(troubles).toEqual([]);
});

test('another version of BullMQ: its own calls, and one warning for all queues', async () => {
  const { push, troubles } = await open({
    before: (backend) => Object.assign(backend, { version: '6.8.0' }),
  });
  // Its own scripts are registered under its own version.
  await push(3).catch(() => undefined);
  await push(3, 'other').catch(() => undefined);
  expect(troubles.map(({ message }) => message)).toEqual([
    expect.stringContaining('this is BullMQ 6.8.0, not 6.7.0'),
  ]);
});

test('another text of its script: its own calls, and one warning', async () => {
  const prototype = RedisConnection.prototype as unknown as Loading;
  const load = Reflect.get(prototype, 'loadCommands');
  vi.spyOn(prototype, 'loadCommands').mockImplementation(function changed(this: Loading, version) {
    const { _client: client } = this;
    const defineCommand: Scripts['defineCommand'] = (name, script) =>
      client.defineCommand(name, { ...script, lua: `${script.lua}-- a word` });
    // Only what is noted down differs: BullMQ itself goes on with its own.
    load.call(client.status ? this : { ...this, _client: { defineCommand } }, version);
  });
  onTestFinished(() => void vi.restoreAllMocks());
  const { push, troubles } = await open({});
  expect(await push(40)).toBe(40);
  expect(await push(40, 'other')).toBe(40);
  expect(troubles.map(({ message }) => message)).toEqual([
    expect.stringContaining('script addStandardJob is not the one that is known'),
  ]);
});

interface Loading {
  readonly _client: Scripts;
  loadCommands(this: Loading, version: string): void;
}

interface Scripts {
  readonly status?: string;
  defineCommand(name: string, script: { lua: string; numberOfKeys: number }): void;
}

test.each([
  ['is no list', "return 'OK'"],
  ['is not one for each', 'return {1}'],
  ['is an error of the script', 'return redis.call("NONE")'],
  ['is that it is no script', 'no Lua'],
])('an answer that %s: each task is pushed again by itself, with one warning', async (_, lua) => {
  const { redis, key, push, troubles } = await open({});
  redis.defineCommand('goflow:addStandardJob', { lua, numberOfKeys: 9 });
  // Three shared calls are on their way when the first answer comes.
  await push(40);
  expect(await redis.llen(key('wait'))).toBe(40);
  expect(await push(40)).toBe(40);
  expect(troubles).toHaveLength(1);
  expect(troubles[0]?.message).toContain('tasks do not share calls of Redis');
});
