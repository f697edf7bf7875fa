import { until } from '@goflow/testing';
import type { Redis } from 'ioredis';
import { expect } from 'vitest';
import { cpuShareOf, type Rig } from './steady-load.js';

const LOOK_MS = 1_200;

/**
 * Looks for a second at a worker that cannot work: it is not ready, says so, and neither floods its log nor burns its processor.
 *
 * @param why what it says is wrong
 */
export async function expectQuietOutage(rig: Rig, why: RegExp): Promise<void> {
  const { worker, log, troubles } = rig;
  await until(() => troubles.some(({ message }) => why.test(message)), {
    what: `the worker to say ${why}, not ${troubles.map(({ message }) => message).join(', ')}`,
  });
  const startedAt = performance.now();
  const isOver = (): boolean => performance.now() - startedAt > LOOK_MS;
  const share = await cpuShareOf(() => until(isOver, { what: 'a look', everyMs: 100 }));
  expect(share).toBeLessThan(0.6);
  expect(log.mostInASecond).toBeLessThanOrEqual(20);
  expect(await worker.readiness()).toMatchObject({ ready: false });
}

/** Expects that a worker works again: what waited is done, and so is what is new. */
export async function expectWorksAgain(rig: Rig, ids: readonly string[] = []): Promise<void> {
  const { goflow, worker } = rig;
  const results = await goflow.waitAll(ids, { timeout: '15s' });
  expect(results.filter(({ status }) => status !== 'completed')).toEqual([]);
  const id = await until(() => goflow.push('number', 7), { what: 'a push to go through' });
  expect(await goflow.wait(id, { timeout: '15s' })).toBe(7);
  await until(async () => (await worker.readiness()).ready, { what: 'the worker to be ready' });
}

/** Cuts all connections but this one. */
export async function cutAll(admin: Redis): Promise<void> {
  for (const type of ['normal', 'pubsub'])
    await admin.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
}
