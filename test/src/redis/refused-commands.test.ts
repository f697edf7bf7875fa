import { rm } from 'node:fs/promises';
import { RedisServer, until } from '@goflow/testing';
import type { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { expectQuietOutage, expectWorksAgain } from '../support/outage.js';
import { openRedis } from '../support/redis.js';
import { openRig, SteadyLoad } from '../support/steady-load.js';

async function start() {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  return { server, admin: openRedis(server.url) };
}

test('NOPERM: rights that are taken away in the middle of work, and given back: what ran meanwhile has its result, and ran once', async () => {
  const { server, admin } = await start();
  await admin.call('ACL', 'SETUSER', 'goflow', 'on', 'nopass', '~*', '&*', '+@all');
  const runs: number[] = [];
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const other = async (payload: number): Promise<number> => {
    runs.push(payload);
    await finished;
    return payload;
  };
  const rig = openRig(server.url.replace('redis://', 'redis://goflow:any@'), {
    client: { timeout: '500ms' },
    worker: { lease: '30s', handlers: { number: (payload) => payload, other } },
  });
  await rig.worker.start();
  const load = new SteadyLoad(rig.goflow, ['number']);
  const running = await rig.goflow.push('other', 42);
  await load.more(20);
  await until(() => runs.length === 1, { what: 'the task to run' });
  await admin.call('ACL', 'SETUSER', 'goflow', '-@all');
  finish();
  await until(() => load.failures.length > 0, { what: 'a push to be refused' });
  await load.stop();
  expect(load.failures[0]).toMatchObject({
    code: 'BROKER_REFUSED',
    details: { reason: 'NOPERM' },
  });
  await expectQuietOutage(rig, /NOPERM/);
  await admin.call('ACL', 'SETUSER', 'goflow', '+@all');
  await expectWorksAgain(rig, [running]);
  expect(runs).toEqual([42]);
  expect(await load.lostOf()).toEqual([]);
});

test('NOPERM: a right that is missing inside a script is told as any other', async () => {
  const { server, admin } = await start();
  await admin.call('ACL', 'SETUSER', 'goflow', 'on', 'nopass', '~*', '&*', '+@all', '-hmset');
  const url = server.url.replace('redis://', 'redis://goflow:any@');
  const { goflow } = openRig(url, { client: { timeout: '300ms' } });
  const refusal = { code: 'BROKER_REFUSED', details: { reason: 'NOPERM' } };
  await expect(goflow.push('number', 1)).rejects.toMatchObject(refusal);
  expect(JSON.stringify(await admin.call('ACL', 'LOG'))).toContain('"hmset"');
  await admin.call('ACL', 'SETUSER', 'goflow', '+hmset');
  await goflow.push('number', 1);
});

test('MISCONF: a Redis that cannot write to its disk refuses writes; what was acknowledged is done when it takes them again', async () => {
  const { server, admin } = await start();
  const rig = openRig(server.url, { client: { timeout: '500ms' } });
  await rig.worker.start();
  const load = new SteadyLoad(rig.goflow);
  await load.more(20);
  await admin.config('SET', 'save', '3600 1');
  // Not even root can make a file in a folder that is gone.
  await rm(server.dataDir, { recursive: true });
  await failToSave(admin);
  await until(() => load.failures.length > 0, { what: 'a push to be refused' });
  await load.stop();
  expect(load.failures[0]).toMatchObject({
    code: 'BROKER_REFUSED',
    details: { reason: 'MISCONF' },
  });
  await expectQuietOutage(rig, /MISCONF/);
  // Else it would try to save once more when it is stopped.
  await admin.config('SET', 'save', '');
  await expectWorksAgain(rig);
  expect(await load.lostOf()).toEqual([]);
});

async function failToSave(admin: Redis): Promise<void> {
  await admin.bgsave();
  const hasFailed = async (): Promise<boolean> =>
    (await admin.info('persistence')).includes('rdb_last_bgsave_status:err');
  await until(hasFailed, { what: 'the snapshot to fail' });
}
