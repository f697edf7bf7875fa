import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { newPlace } from '../support/redis.js';
import { openClient } from '../support/system.js';
import { startWorker } from './crash-run.mjs';
import { tasks } from './tasks.mjs';

const BLOCKED_MS = 14_000;

test('a handler that blocks for more than ten leases is noticed: told, repeated elsewhere, and its late result is dropped', async () => {
  const place = newPlace();
  const ledger = mkdtempSync(join(tmpdir(), 'goflow-blocked-'));
  onTestFinished(() => rmSync(ledger, { recursive: true, force: true }));
  const workers = [1, 2].map(() => startWorker({ ...place, concurrency: 10, lease: '1s' }, ledger));
  onTestFinished(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
  });
  await Promise.all(workers.map((worker) => worker.line(/worker started/)));
  const goflow = openClient(tasks, place);
  const id = await goflow.push('crash.blockonce', BLOCKED_MS);
  // That of the second run, which is there before the first has ended.
  expect(await goflow.wait(id)).toBe(-1);
  const runs = readdirSync(ledger).map((file) => readFileSync(join(ledger, file), 'utf8'));
  expect(runs.join('')).toBe(`${BLOCKED_MS}\n`.repeat(2));
  const told = /the lease was lost: this outcome was dropped/;
  const blocked = await Promise.any(
    workers.map(async (worker) => {
      await worker.line(told);
      return worker;
    }),
  );
  const [warning] = await blocked.line(/.*"component":"event-loop".*/);
  expect(JSON.parse(warning)).toMatchObject({ types: ['crash.blockonce'], leaseMs: 1_000 });
  const isLate = ({ eventLoopLagMs }: { readonly eventLoopLagMs: number }): boolean =>
    eventLoopLagMs > BLOCKED_MS / 2;
  expect(JSON.parse(warning).lagMs).toBeGreaterThan(BLOCKED_MS / 2);
  await until(async () => (await goflow.inspector.workers()).some(isLate), {
    what: 'the lag to be seen by others',
  });
  expect(await goflow.getResult(id)).toMatchObject({ status: 'completed', value: -1 });
});
