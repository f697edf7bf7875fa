import { createGoflow, defineTasks } from '@goflow/sdk';
import { RedisServer, until } from '@goflow/testing';
import { createWorker } from '@goflow/worker';
import { Cluster, Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

const step = { payload: z.string(), result: z.string(), maxAttempts: 2, backoff: 1 };
const tasks = defineTasks({ step, other: { ...step, queue: 'other' } });

/** A cluster of one, which refuses as a larger one does what touches two slots at once. */
async function openCluster(): Promise<Cluster> {
  const args = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'];
  const server = await RedisServer.start({ args });
  onTestFinished(() => server.stop());
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  const isUp = async (): Promise<boolean> =>
    String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok');
  await until(isUp, { what: 'the cluster to be up' });
  const cluster = new Cluster([{ host: '127.0.0.1', port: server.port }]);
  onTestFinished(() => cluster.disconnect());
  return cluster;
}

test('chunks on a Redis Cluster: all of a chunk lies in the slot of its queue, and chunks of several queues are read at once', async () => {
  const redis = await openCluster();
  const goflow = createGoflow({ tasks, redis });
  onTestFinished(() => goflow.close());
  const payloads = ['a', 'once', 'always', 'logs', 'waits'];
  const options = { chunk: 3, tags: ['eu'], retention: { completed: '1h' } } as const;
  const ids = [
    ...(await goflow.pushMany('step', payloads, options)),
    ...(await goflow.pushMany('other', payloads, options)),
  ];
  expect(await goflow.cancel(ids[4] ?? '')).toMatchObject({ effect: 'cancelled' });
  const run = async (payload: string, ctx: { readonly attempt: number; readonly log: Log }) => {
    if (payload === 'always' || (payload === 'once' && ctx.attempt === 1)) throw new Error('no');
    if (payload === 'logs') ctx.log.info('a line');
    return payload;
  };
  const worker = createWorker({ tasks, handlers: { step: run, other: run }, redis });
  onTestFinished(() => worker.stop({ grace: 0 }));
  await worker.start();
  const results = await goflow.waitAll(ids, { timeout: '10s' });
  expect(results.map(({ status }) => status)).toEqual([
    ...['completed', 'completed', 'failed', 'completed', 'cancelled'],
    ...['completed', 'completed', 'failed', 'completed', 'completed'],
  ]);
  const read = await Promise.all(ids.map((id) => goflow.getResult(id)));
  expect(read.map(({ status }) => status)).toEqual(results.map(({ status }) => status));
  expect(await goflow.status(ids[3] ?? '')).toMatchObject({ log: [{ message: 'a line' }] });
  await until(async () => (await goflow.counts('default')).active === 0, { what: 'the end' });
  expect(await goflow.counts('default')).toMatchObject({ completed: 3, failed: 1, cancelled: 1 });
  const listed = await goflow.inspector.list({ queue: 'other', tag: 'eu' });
  expect(listed.tasks).toHaveLength(5);
});

interface Log {
  info(message: string): void;
}
