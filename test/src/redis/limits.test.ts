import { RedisServer } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { cutAll, expectQuietOutage, expectWorksAgain } from '../support/outage.js';
import { openRedis } from '../support/redis.js';
import { openRig, SteadyLoad } from '../support/steady-load.js';

async function start(args: readonly string[] = []) {
  const server = await RedisServer.start({ args });
  onTestFinished(() => server.stop());
  return { server, admin: openRedis(server.url) };
}

test('MAXCLIENTS: a client that finds no room says so, a worker waits and comes back', async () => {
  const { server, admin } = await start();
  const rig = openRig(server.url, { client: { timeout: '1s' } });
  await rig.worker.start();
  const ids = [await rig.goflow.push('number', 1)];
  await admin.config('SET', 'maxclients', '1');
  await cutAll(admin);
  await expect(rig.goflow.push('number', 2)).rejects.toMatchObject({
    code: 'BROKER_REFUSED',
    message: expect.stringContaining('max number of clients reached') as string,
    details: { reason: 'MAXCLIENTS' },
  });
  await expectQuietOutage(rig, /max number of clients/);
  await admin.config('SET', 'maxclients', '100');
  await expectWorksAgain(rig, ids);
});

test('SCRIPT FLUSH, again and again under load: nobody notices', async () => {
  const { server, admin } = await start();
  const { goflow, worker, troubles } = openRig(server.url);
  await worker.start();
  const load = new SteadyLoad(goflow);
  for (let flushes = 0; flushes < 20; flushes += 1) {
    await admin.script('FLUSH');
    await load.more(5);
  }
  expect(await load.lostOf()).toEqual([]);
  expect([...load.failures, ...troubles]).toEqual([]);
});

test('BUSY: a script of somebody else blocks Redis; pushes say so or wait, and nothing is lost', async () => {
  const { server, admin } = await start(['--busy-reply-threshold', '100']);
  const rig = openRig(server.url);
  const hasty = openRig(server.url, { client: { timeout: '500ms' } });
  await rig.worker.start();
  await hasty.goflow.ping();
  const load = new SteadyLoad(rig.goflow);
  await load.more(20);
  const other = openRedis(server.url);
  await other.ping();
  const blocking = admin.eval('while true do end', 0).catch((error: unknown) => error);
  await expect(hasty.goflow.push('number', 1)).rejects.toMatchObject({
    code: 'BROKER_REFUSED',
    details: { reason: 'BUSY' },
  });
  await expectQuietOutage(rig, /BUSY/);
  await other.script('KILL');
  await blocking;
  await load.more(20);
  expect(await load.lostOf()).toEqual([]);
  expect(load.failures).toEqual([]);
  await expectWorksAgain(rig);
});
