import { deflateRawSync } from 'node:zlib';
import { createBullMqBroker } from '@goflow/broker';
import { createMemoryBroker } from '@goflow/broker/memory';
import { createGoflow, defineTasks } from '@goflow/sdk';
import { createWorker, defineHandlers, type WorkerOptions } from '@goflow/worker';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { newPlace } from '../support/redis.js';

const definitions = { echo: { payload: z.string(), result: z.string() } };
const tasks = defineTasks(definitions);
const handlers = defineHandlers(tasks, { echo: (payload) => payload });

type Broker = ReturnType<typeof createBullMqBroker>;
type Side = Pick<WorkerOptions<typeof definitions>, 'redis' | 'broker' | 'prefix'>;

/** The broker of a client, for what no client would push; and what its worker is made with. */
const SIDES: Readonly<Record<string, () => { client: Broker; forWorker: Side }>> = {
  'in Redis': () => {
    const forWorker = newPlace();
    return { client: createBullMqBroker(forWorker), forWorker };
  },
  'in memory': () => {
    const broker = createMemoryBroker();
    return { client: broker.openClient(), forWorker: { broker: broker.consumer } };
  },
};

const BOMB = deflateRawSync(Buffer.alloc(100_000_000, ' ')).toString('base64');

/** What is found in place of a payload. */
const FOUND = {
  'no base64': 'what is this',
  'no deflate': '40,/////w==',
  'a bomb that tells its size': `100000000,${BOMB}`,
  'a bomb that does not': `1000000,${BOMB}`,
};

describe.each(Object.entries(SIDES))('%s', (_where, open) => {
  test.each(Object.entries(FOUND))(
    'a compressed payload that cannot be expanded is a dead letter, and the queue goes on: %s',
    async (_what, packed) => {
      const { client, forWorker } = open();
      const goflow = createGoflow({ tasks, broker: client });
      const worker = createWorker({ tasks, handlers, grace: '100ms', ...forWorker });
      onTestFinished(async () => {
        await worker.stop();
        await goflow.close();
      });
      await worker.start();
      const payloadJson = JSON.stringify({ '~gz': packed });
      const id = goflow.idOf('echo', 'made by another program');
      await client.push({ id, queue: 'default', type: 'echo', payloadJson, pushedAt: Date.now() });
      expect((await goflow.waitAll([id]))[0]).toMatchObject({
        status: 'failed',
        attempts: 0,
        failure: {
          code: 'ENVELOPE_UNREADABLE',
          message: expect.stringContaining('the compressed JSON cannot be read: '),
        },
      });
      expect(await goflow.inspector.get(id)).toMatchObject({
        reason: 'unreadable',
        payload: { '~gz': packed },
      });
      expect(await goflow.wait(await goflow.push('echo', 'after'))).toBe('after');
      expect(await goflow.inspector.deadLetters.redrive(id, { payload: 'mended' })).toMatchObject({
        redriven: true,
      });
      expect(await goflow.wait(id)).toBe('mended');
    },
  );
});
