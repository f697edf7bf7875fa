import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { newLonelyPlace, openRedis } from '../support/redis.js';
import { openRig } from '../support/steady-load.js';

test('told to take nothing while its connections are cut, and to go on: it takes tasks again at once', async () => {
  const { redis } = await newLonelyPlace();
  const admin = openRedis(redis);
  await admin.ping();
  // With a short lease a worker that hangs is soon built anew.
  const { goflow, worker } = openRig(redis, { worker: { lease: '30s' } });
  await worker.start();
  for (let round = 0; round < 6; round += 1) {
    for (let change = 0; change < 60; change += 1) {
      if (change % 5 === 0) await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      void worker.setConcurrency(change % 2 === 0 ? 0 : 2);
      // Before, while and after it connects again.
      await pause(Math.random() * 20);
    }
    const id = await goflow.push('number', round);
    expect(await goflow.wait(id, { timeout: '8s' })).toBe(round);
  }
});
