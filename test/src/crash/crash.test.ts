import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { newPlace } from '../support/redis.js';
import { openClient } from '../support/system.js';
import { crashRun, startWorker } from './crash-run.mjs';
import { tasks } from './tasks.mjs';

test('one of three workers is killed with -9 in the middle: every result is there, duplicates are few and counted', async () => {
  const plan = { ...newPlace(), count: 6_000, workers: 3, concurrency: 50, lease: '2s' };
  const report = await crashRun(plan);
  expect(report).toMatchObject({ results: 6_000, wrong: 0 });
  expect(report.effects).toBe(6_000 + report.duplicates);
  // At most what the killed worker was running.
  expect(report.duplicates).toBeLessThanOrEqual(50);
});

test('a handler that blocks the event loop longer than its lease runs once, and its result is kept', async () => {
  const place = newPlace();
  const ledger = mkdtempSync(join(tmpdir(), 'goflow-block-'));
  onTestFinished(() => rmSync(ledger, { recursive: true, force: true }));
  const plan = { ...place, concurrency: 10, lease: '1s' };
  const workers = [1, 2].map(() => startWorker(plan, ledger));
  onTestFinished(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
  });
  await Promise.all(workers.map((worker) => worker.line(/worker started/)));
  const goflow = openClient(tasks, place);
  const id = await goflow.push('crash.block', 4_000);
  expect(await goflow.wait(id)).toBe(4_000);
  expect(await goflow.getResult(id)).toMatchObject({ status: 'completed', attempts: 1 });
  const starts = readdirSync(ledger).map((file) => readFileSync(join(ledger, file), 'utf8'));
  expect(starts.join('')).toBe('4000\n');
});
