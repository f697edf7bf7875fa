import { inspect } from 'node:util';
import { RedisServer, until } from '@goflow/testing';
import { Cluster } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { cutAll, expectQuietOutage, expectWorksAgain } from '../support/outage.js';
import { openRedis } from '../support/redis.js';
import { openRig, SteadyLoad } from '../support/steady-load.js';

async function start(password?: string, config?: string) {
  const server = await RedisServer.start({ password, config });
  onTestFinished(() => server.stop());
  return { server, admin: openRedis(server.url) };
}

test.each([
  ['changed', 'another', 'WRONGPASS'],
  ['new', 'the first', 'NOAUTH'],
])('a password that is %s while all runs: %s', async (what, password, word) => {
  const { server, admin } = await start(what === 'new' ? undefined : 'known');
  const rig = openRig(server.url, { client: { timeout: '500ms' } });
  await rig.worker.start();
  expect(await rig.goflow.wait(await rig.goflow.push('number', 1))).toBe(1);
  await rig.worker.setConcurrency(0);
  const ids = await rig.goflow.pushMany('number', [1, 2, 3]);
  await rig.worker.setConcurrency(1);
  await admin.config('SET', 'requirepass', password);
  await cutAll(admin);
  await expect(rig.goflow.push('number', 2)).rejects.toMatchObject({
    code: 'BROKER_REFUSED',
    details: { reason: word },
  });
  await expectQuietOutage(rig, new RegExp(word));
  const isTold = async (): Promise<boolean> =>
    JSON.stringify(await rig.worker.readiness()).includes(word);
  await until(isTold, { what: 'readiness to say why' });
  expect(JSON.stringify(rig.log.lines)).not.toContain('known');
  await admin.config('SET', 'requirepass', what === 'new' ? '' : 'known');
  await expectWorksAgain(rig, ids);
});

test('two passwords at a time make a rotation without a gap; who still has the old one is told so', async () => {
  const { server, admin } = await start();
  const everything = ['on', '~*', '&*', '+@all'];
  await admin.call('ACL', 'SETUSER', 'goflow', ...everything, '>old');
  const urlOf = (password: string): string =>
    server.url.replace('redis://', `redis://goflow:${password}@`);
  const before = openRig(urlOf('old'), { client: { timeout: '500ms' } });
  await before.worker.start();
  const load = new SteadyLoad(before.goflow);
  await load.more(20);
  await admin.call('ACL', 'SETUSER', 'goflow', '>new');
  const after = openRig(urlOf('new'));
  await after.worker.start();
  const newLoad = new SteadyLoad(after.goflow);
  await Promise.all([load.more(20), newLoad.more(20)]);
  // All have been started with the new one by now: the last of the old leaves.
  expect(await load.lostOf()).toEqual([]);
  await admin.call('ACL', 'SETUSER', 'goflow', '<old');
  await cutAll(admin);
  await newLoad.more(20);
  expect(await newLoad.lostOf()).toEqual([]);
  expect([...load.failures, ...newLoad.failures]).toEqual([]);
  await expect(before.goflow.push('number', 1)).rejects.toMatchObject({
    code: 'BROKER_REFUSED',
    details: { reason: 'WRONGPASS' },
  });
  await expectQuietOutage(before, /WRONGPASS/);
  expect(await after.worker.readiness()).toEqual({ ready: true });
});

test('a rotation outlives a restart of Redis once it is kept', async () => {
  // Users in redis.conf; with an ACL file it is ACL SAVE.
  const { server, admin } = await start(undefined, 'user goflow on >old ~* &* +@all\n');
  const asks = (password: string): Promise<unknown> => admin.call('AUTH', 'goflow', password);
  await admin.call('ACL', 'SETUSER', 'goflow', '>new');
  await server.restart();
  await expect(asks('new')).rejects.toThrow('WRONGPASS');
  await admin.call('ACL', 'SETUSER', 'goflow', '>new');
  await admin.config('REWRITE');
  await admin.call('ACL', 'SETUSER', 'goflow', '<old');
  await admin.config('REWRITE');
  await server.restart();
  await expect(asks('old')).rejects.toThrow('WRONGPASS');
  expect(await asks('new')).toBe('OK');
});

test('a wrong password for a Redis Cluster: client and worker say so, though ioredis says only that it reached no node', async () => {
  const args = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'];
  const server = await RedisServer.start({ args, password: 'the right one' });
  onTestFinished(() => server.stop());
  await openRedis(server.url).call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
  const redis = new Cluster([{ host: '127.0.0.1', port: server.port }], {
    redisOptions: { password: 'planted' },
  });
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  const { goflow, worker, log, troubles } = openRig(redis, { client: { timeout: '500ms' } });
  const error = await goflow.push('number', 1).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'BROKER_REFUSED' });
  expect(String(error)).toMatch(/WRONGPASS|NOAUTH/);
  void worker.start();
  const isTold = (): boolean => troubles.some(({ message }) => /WRONGPASS|NOAUTH/.test(message));
  await until(isTold, { what: 'the worker to say so' });
  expect(await worker.readiness()).toMatchObject({ ready: false });
  expect(log.mostInASecond).toBeLessThanOrEqual(20);
  expect(inspect([error, troubles, log.lines], { depth: 10 })).not.toContain('planted');
});
