import { randomBytes } from 'node:crypto';
import { createBullMqBroker } from '@goflow/broker';
import { createBullMqConsumerBroker } from '@goflow/broker/consumer';
import { createMemoryBroker } from '@goflow/broker/memory';
import { type Broker, createGoflow, defineTasks } from '@goflow/sdk';
import { until } from '@goflow/testing';
import {
  type ConsumerBroker,
  createWorker,
  defineHandlers,
  type TaskFinished,
} from '@goflow/worker';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { newPlace } from '../support/redis.js';

const tasks = defineTasks({ echo: { payload: z.string(), result: z.string() } });
const handlers = defineHandlers(tasks, { echo: (payload) => payload });
const encryption = { keys: { k1: randomBytes(32) }, current: 'k1' };

/** One place for tasks, and workers of it that read envelopes up to a version. */
interface Place {
  openClient(): Broker;
  openConsumer(envelopeVersion: number): ConsumerBroker;
}

const PLACES: Readonly<Record<string, () => Place>> = {
  'in Redis': () => {
    const place = newPlace();
    return {
      openClient: () => createBullMqBroker(place),
      openConsumer: (envelopeVersion) => createBullMqConsumerBroker({ ...place, envelopeVersion }),
    };
  },
  'in memory': () => createMemoryBroker(),
};

describe.each(Object.entries(PLACES))('%s', (_where, openPlace) => {
  function open() {
    const place = openPlace();
    const broker = place.openClient();
    const goflow = createGoflow({ tasks, broker, encryption });
    const plain = createGoflow({ tasks, broker: place.openClient() });
    onTestFinished(async () => {
      await goflow.close();
      await plain.close();
    });
    return { place, broker, goflow, plain };
  }

  /** A worker of another release, and what came of the tasks that it took. */
  async function start(place: Place, envelopeVersion: number) {
    const broker = place.openConsumer(envelopeVersion);
    const lines: unknown[] = [];
    const logger = {
      debug: () => undefined,
      info: () => undefined,
      warn: (fields: object) => void lines.push(fields),
      error: () => undefined,
      child: () => logger,
    };
    const worker = createWorker({
      tasks,
      handlers,
      broker,
      encryption,
      logger,
      grace: '100ms',
      // So that most tasks meet the newer of two.
      concurrency: envelopeVersion === 1 ? 1 : 20,
      name: `v${envelopeVersion}`,
    });
    const came: string[] = [];
    worker.on('task:finished', ({ verdict }: TaskFinished) => {
      came.push(verdict.kind === 'handed-back' ? verdict.reason : verdict.kind);
    });
    onTestFinished(async () => {
      await worker.stop();
      await broker.close();
    });
    await worker.start();
    return { worker, came, lines };
  }

  test('a worker of version 1 runs plain tasks beside one of version 2, and fails none', async () => {
    const { place, goflow, plain } = open();
    const [old, young] = [await start(place, 1), await start(place, 2)];
    const payloads = Array.from({ length: 10 }, (_, index) => `${index}`);
    const ids = [
      ...(await goflow.pushMany('echo', payloads)),
      ...(await plain.pushMany('echo', payloads)),
      ...(await goflow.pushMany('echo', payloads, { chunk: 5 })),
      ...(await plain.pushMany('echo', payloads, { chunk: 5 })),
    ];
    // A worker that hands a task back again and again lets it wait longer each time.
    const results = await goflow.waitAll(ids, { timeout: '100s' });
    const all = [...payloads, ...payloads, ...payloads, ...payloads];
    expect(results.map((result) => 'value' in result && result.value)).toEqual(all);
    expect(results.every((result) => 'attempts' in result && result.attempts === 1)).toBe(true);
    await until(() => completed(old) + completed(young) === 40, { what: 'all to be told' });
    expect(new Set([...old.came, ...young.came])).toEqual(new Set(['completed', 'envelope-newer']));
    expect(young.came).not.toContain('envelope-newer');
    // Told once a minute, however many there were.
    const told = old.lines.filter((line) => Object.hasOwn(line as object, 'reason'));
    expect(told).toMatchObject([{ reason: 'envelope-newer' }]);
  });

  test('a task of a version that nobody knows waits, unspent, until somebody does', async () => {
    const { place, broker, goflow, plain } = open();
    const { came, worker } = await start(place, 2);
    const pushedAt = broker.clock.now();
    const envelope = { queue: 'default', type: 'echo', pushedAt, envelopeVersion: 99 };
    const [id, chunk, odd] = ['A', 'B', 'C'].map((letter) => `default:${letter.repeat(22)}`) as [
      string,
      string,
      string,
    ];
    await broker.push({ ...envelope, id, payloadJson: '"new"' });
    await broker.push({ ...envelope, id: odd, type: 'unheard.of', payloadJson: 'no JSON' });
    await broker.pushChunks([{ ...envelope, id: chunk, payloadsJson: ['"a"', '"b"'] }]);
    await until(() => came.length >= 5, { what: 'them to be handed back' });
    expect(new Set(came)).toEqual(new Set(['envelope-newer']));
    expect(await worker.metrics.text()).toMatch(
      /goflow_tasks_handed_back_total\{queue="default",reason="envelope-newer"\} \d/,
    );
    const ids = [id, `${chunk}:0`, `${chunk}:1`];
    for (const client of [goflow, plain])
      for (const one of [...ids, odd])
        expect(await client.status(one)).toMatchObject({
          // Or on its way to the worker and back once more.
          status: expect.stringMatching(/^(delayed|waiting|active)$/),
          attempts: 0,
        });
    // Beside the other it would be a matter of chance how soon they meet it.
    await worker.stop();
    await start(place, 99);
    expect(await goflow.waitAll(ids)).toMatchObject([
      { value: 'new', attempts: 1 },
      { value: 'a', attempts: 1 },
      { value: 'b', attempts: 1 },
    ]);
  });

  test('a worker tells what it reads', async () => {
    const { place, goflow } = open();
    await start(place, 1);
    await start(place, 2);
    await until(async () => (await goflow.inspector.workers()).length === 2, { what: 'both' });
    expect(await goflow.inspector.workers()).toMatchObject([
      { name: 'v1', envelopeVersion: 1 },
      { name: 'v2', envelopeVersion: 2 },
    ]);
  });
});

const completed = ({ came }: { came: string[] }): number =>
  came.filter((kind) => kind === 'completed').length;

test('a client of `envelopeVersion` 1 refuses what needs more', async () => {
  const { client: broker } = createMemoryBroker();
  const open = (options: object) => createGoflow({ tasks, broker, ...options });
  for (const envelopeVersion of [0, 3, 1.5, '1', null])
    expect(() => open({ envelopeVersion })).toThrow('`envelopeVersion`');
  expect(() => open({ envelopeVersion: 1, encryption })).toThrow('`encryption`');
  for (const options of [
    { envelopeVersion: 1 },
    { envelopeVersion: 2, encryption },
    { envelopeVersion: 1, encryption: { ...encryption, current: null } },
  ])
    await open(options).close();
});
