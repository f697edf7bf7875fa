import type { DataLoss } from '@goflow/sdk';
import { RedisServer, until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { openRedis } from '../support/redis.js';
import { openRig } from '../support/steady-load.js';

async function start(args: readonly string[] = []): Promise<RedisServer> {
  const server = await RedisServer.start({ args });
  onTestFinished(() => server.stop());
  return server;
}

/** A client and a worker that serves its metrics, and what both were told of losses. */
function open(redis: string) {
  const rig = openRig(redis, { worker: { http: { port: 0 } } });
  const losses: { readonly client: DataLoss[]; readonly worker: DataLoss[] } = {
    client: [],
    worker: [],
  };
  rig.goflow.on('broker:data-lost', (loss) => losses.client.push(loss));
  rig.worker.on('broker:data-lost', (loss) => losses.worker.push(loss));
  return { ...rig, losses };
}

async function lossesOf(url: string | undefined): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^goflow_broker_data_losses_total (\d+)/m.exec(metrics)?.[1]);
}

test('FLUSHALL: client and worker say so loudly, lost tasks are unknown, waits end, and work goes on', async () => {
  const server = await start();
  const admin = openRedis(server.url);
  const { goflow, worker, losses, log } = open(server.url);
  await worker.start();
  await goflow.wait(await goflow.push('number', 1));
  const before = await admin.get('goflow:{fleet}:epoch');
  const lost = await goflow.push('number', 2, { delay: '1h' });
  const waiting = goflow.wait(lost, { timeout: '15s' }).catch((error: unknown) => error);
  expect(await lossesOf(worker.httpUrl)).toBe(0);
  await admin.flushall();
  expect(await waiting).toMatchObject({ code: 'TASK_UNKNOWN' });
  expect(await goflow.getResult(lost)).toEqual({ id: lost, status: 'unknown' });
  // The worker hears with its next sign of life, the client when it asks for the time.
  await until(() => losses.worker.length === 1, { what: 'the worker to be told' });
  await goflow.inspector.workers();
  const now = await admin.get('goflow:{fleet}:epoch');
  expect(losses).toEqual({ client: [{ before, now }], worker: [{ before, now }] });
  expect(await lossesOf(worker.httpUrl)).toBe(1);
  expect(log.lines.filter(({ text }) => text.includes('lost its data'))).toHaveLength(2);
  expect(await goflow.wait(await goflow.push('number', 3))).toBe(3);
  // Else BullMQ keeps five times as many events, each with a copy of a result.
  expect(await admin.hget('goflow:{default}:meta', 'opts.maxLenEvents')).toBe('2000');
});

test('a restart without a disk is a loss, for a client as soon as it is connected again; one with a disk is none', async () => {
  const [forgets, keeps] = await Promise.all([
    start(),
    start(['--appendonly', 'yes', '--appendfsync', 'always']),
  ]);
  const clients = [open(forgets.url), open(keeps.url)] as const;
  for (const { goflow } of clients) {
    await goflow.inspector.workers();
    await goflow.push('number', 1);
  }
  for (const server of [forgets, keeps]) {
    await server.kill9();
    await server.restart();
  }
  await until(() => clients[0].losses.client.length === 1, { what: 'the client to be told' });
  await clients[1].goflow.inspector.workers();
  expect(clients[1].losses.client).toEqual([]);
  expect(await clients[1].goflow.counts()).toMatchObject({ waiting: 1 });
  expect(await clients[0].goflow.counts()).toMatchObject({ waiting: 0 });
});

test('a Redis that takes no writes has no mark to compare, and that is no loss', async () => {
  const server = await start();
  const admin = openRedis(server.url);
  await admin.config('SET', 'maxmemory', '1');
  const { goflow, losses } = open(server.url);
  expect(await goflow.inspector.workers()).toEqual([]);
  expect(await admin.exists('goflow:{fleet}:epoch')).toBe(0);
  await admin.config('SET', 'maxmemory', '0');
  await goflow.inspector.workers();
  expect(await admin.exists('goflow:{fleet}:epoch')).toBe(1);
  expect(await admin.pttl('goflow:{fleet}:epoch')).toBe(-1);
  expect(losses.client).toEqual([]);
});
