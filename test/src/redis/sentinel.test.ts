import { setTimeout as pause } from 'node:timers/promises';
import { RedisSentinels, type RedisServer, until } from '@goflow/testing';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openRedis } from '../support/redis.js';
import { openRig, SteadyLoad } from '../support/steady-load.js';

// One world for all tests: each leaves it whole.
let world: RedisSentinels;
beforeAll(async () => {
  world = await RedisSentinels.start();
});
afterAll(() => world.stop());

/** Longer than the sentinels wait until they take the master for down. */
const FREEZE_MS = 5_000;
/** A pause that users notice. */
const MAX_GAP_MS = 10_000;

/** The figures of the report. */
function tellOf(what: string, { acknowledged, longestGapMs, failures }: SteadyLoad, lost: number) {
  const told = `${acknowledged.length} acknowledged, ${failures.length} failed, ${lost} lost`;
  console.info(`${what}: ${told}, nothing acknowledged for ${longestGapMs} ms`);
}

async function roleOf(server: RedisServer): Promise<string> {
  return /role:(\w+)/.exec(await openRedis(server.url).info('replication'))?.[1] ?? '';
}

test('through Sentinel: the master is killed under load, pushes and workers go on within 10 s, and it comes back as a replica', async () => {
  const { goflow, worker, log, losses } = openRig(world.options());
  const safe = openRig(world.options(), { client: { minReplicas: 1 } });
  await worker.start();
  const [load, safeLoad] = [new SteadyLoad(goflow), new SteadyLoad(safe.goflow)];
  await Promise.all([load.more(50), safeLoad.more(50)]);
  const old = await world.master();
  const killedAt = performance.now();
  await old.kill9();
  await load.more(50);
  // Only now has the new master a replica.
  await world.restartKilled();
  await safeLoad.more(50);
  // Replication is asynchronous: what was acknowledged in the last moment may be lost, and nothing else.
  const lost = await load.lostOf();
  tellOf('killed', load, lost.length);
  expect(lost.filter(({ at }) => at < killedAt - 100 || at > killedAt)).toEqual([]);
  expect(load.failures).toEqual([]);
  expect(load.longestGapMs).toBeLessThan(MAX_GAP_MS);
  expect(await safeLoad.lostOf()).toEqual([]);
  tellOf('killed, with minReplicas', safeLoad, 0);
  for (const failure of safeLoad.failures)
    expect(failure).toMatchObject({ code: expect.stringMatching(/^(REPLICAS_MISSING|BROKER_)/) });
  expect(await roleOf(old)).toBe('slave');
  // A failover alone is none.
  expect([...losses, ...safe.losses]).toEqual([]);
  expect(log.mostInASecond).toBeLessThanOrEqual(20);
});

test('through Sentinel: the master freezes for 5 s and comes back: nothing that the new master acknowledged is lost, and all goes on within 10 s', async () => {
  const { goflow, worker, log, losses } = openRig(world.options());
  await worker.start();
  const load = new SteadyLoad(goflow);
  await load.more(50);
  const old = await world.master();
  const frozenAt = performance.now();
  old.pause();
  const thaw = pause(FREEZE_MS).then(() => old.resume());
  await until(async () => (await world.master()) !== old, { what: 'another master' });
  // The first acknowledged push that a worker has run, too.
  await goflow.wait(await goflow.push('number', -1), { timeout: '10s' });
  expect(performance.now() - frozenAt).toBeLessThan(MAX_GAP_MS);
  await thaw;
  await world.waitUntilWhole();
  expect(await roleOf(old)).toBe('slave');
  await load.more(50);
  // What the old one acknowledged in its last moment was not with the new one yet.
  const lost = await load.lostOf();
  tellOf('frozen', load, lost.length);
  expect(lost.filter(({ at }) => Math.abs(at - frozenAt) > 100)).toEqual([]);
  expect(load.failures).toEqual([]);
  expect(load.longestGapMs).toBeLessThan(MAX_GAP_MS);
  expect(losses).toEqual([]);
  expect(log.mostInASecond).toBeLessThanOrEqual(20);
});

test('with a replica that lags, minReplicas refuses to acknowledge, and of what was acknowledged nothing is lost with the master', async () => {
  const { goflow, worker } = openRig(world.options(), {
    client: { minReplicas: 1, replicaTimeout: '200ms' },
  });
  await worker.start();
  const load = new SteadyLoad(goflow);
  await load.more(20);
  const master = await world.master();
  const [replica] = await world.replicas();
  if (!replica) throw new Error('no replica');
  replica.pause();
  await until(() => load.failures.length > 4, { what: 'pushes to be refused' });
  expect(load.failures.at(-1)).toMatchObject({
    code: 'REPLICAS_MISSING',
    details: { sent: true, replicas: 0, wanted: 1 },
  });
  await master.kill9();
  replica.resume();
  await until(async () => (await world.master()) !== master, { what: 'another master' });
  await world.restartKilled();
  await load.more(20);
  expect(await load.lostOf()).toEqual([]);
  tellOf('lagging', load, 0);
});

test('all sentinels down: what is connected works on; a new client waits for one, and works when they are back', async () => {
  // ioredis writes there what nobody listens to.
  const console = vi.spyOn(globalThis.console, 'error');
  const { goflow, worker } = openRig(world.options());
  await worker.start();
  const load = new SteadyLoad(goflow);
  await load.more(10);
  await Promise.all(world.sentinelServers.map((sentinel) => sentinel.kill9()));
  await load.more(10);
  expect(await load.lostOf()).toEqual([]);
  const late = openRig(world.options(), { client: { timeout: '500ms' } });
  await expect(late.goflow.push('number', 1)).rejects.toMatchObject({
    code: 'BROKER_UNAVAILABLE',
    details: { sent: false },
    message: expect.stringContaining('sentinels are unreachable') as string,
  });
  const starting = late.worker.start();
  await until(() => late.troubles.length > 0, { what: 'the worker to say so' });
  expect(await late.worker.readiness()).toMatchObject({ ready: false });
  await world.restartKilled();
  await starting;
  expect(await goflow.wait(await goflow.push('number', 7))).toBe(7);
  expect(await late.worker.readiness()).toEqual({ ready: true });
  expect(late.log.mostInASecond).toBeLessThanOrEqual(20);
  expect(console).not.toHaveBeenCalled();
  console.mockRestore();
});
