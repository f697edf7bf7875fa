import { type ChildProgram, until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { keepWorkers } from '../crash/keep-workers.js';
import { ask } from '../support/http.js';
import { urlOf } from '../support/program.js';
import { openClient } from '../support/system.js';
import { tasks } from './fault-tasks.mjs';
import {
  expectAll,
  Ledger,
  measure,
  pushSteps,
  repeats,
  startCrew,
  startRedis,
  startWorkerProgram,
} from './rig.js';

test('a worker is frozen for longer than its lease: its task runs elsewhere, and what it comes to afterwards is dropped', async () => {
  const server = await startRedis();
  const place = { redis: server.url, prefix: 'faults' };
  const ledger = new Ledger();
  const flags = ['--lease', '1s', '--port', '0'];
  const workers = [1, 2].map(() => startWorkerProgram(place, ledger, { flags }));
  await Promise.all(workers.map((worker) => worker.line(/worker started/)));
  const goflow = openClient(tasks, place);
  const ids = await pushSteps(goflow, { count: 1, ms: 300 });
  await until(() => ledger.of('begin').length === 1, { what: 'the task to begin' });
  const frozen = workers.find(({ pid }) => pid === ledger.effects[0]?.pid);
  frozen?.signal('SIGSTOP');
  const tell = measure('F02');
  await expectAll(goflow, ids);
  tell({ lost: 0, duplicates: 1 });
  frozen?.signal('SIGCONT');
  await frozen?.line(/the lease was lost: this outcome was dropped/);
  // The effect of the first run comes after that of the second: its fencing token tells.
  expect(ledger.of('end').map(({ starts }) => starts)).toEqual([2, 1]);
  await expectAll(goflow, ids);
  expect(await goflow.status(ids[0] ?? '')).toMatchObject({ attempts: 1, starts: 2 });
  const other = workers.find((worker) => worker !== frozen);
  await other?.line(new RegExp(`"taskId":"${ids[0]}".*"starts":2,"stalls":1.*it runs again`));
  const { text } = await ask(`${await urlOf(other as ChildProgram)}/metrics`);
  expect(text).toContain('goflow_tasks_taken_over_total{queue="default",type="step"} 1\n');
  expect(frozen?.stdout).not.toContain('it runs again');
});

test('a task that eats all memory takes two processes with it, and no third; those beside it complete', async () => {
  const server = await startRedis();
  const place = { redis: server.url, prefix: 'faults' };
  const ledger = new Ledger();
  const goflow = openClient(tasks, place);
  const before = await pushSteps(goflow, { count: 10, ms: 200 });
  const hog = await goflow.push('hog', null);
  const after = await pushSteps(goflow, { count: 10, ms: 200, first: 10 });
  const tell = measure('F14');
  const env = { NODE_OPTIONS: '--max-old-space-size=64' };
  const flags = ['--lease', '1s', '--concurrency', '30'];
  keepWorkers(() => startWorkerProgram(place, ledger, { flags, env }));
  await expect(goflow.wait(hog, { timeout: '50s' })).rejects.toMatchObject({
    failure: { code: 'TASK_POISON' },
  });
  await expectAll(goflow, [...before, ...after]);
  tell({ lost: 0, duplicates: repeats(ledger.of('end').map(({ n }) => n)) });
});

test('concurrency 1, 64, 1 under load: never more than it may, and no task is lost', async () => {
  const server = await startRedis();
  const ways = { client: server.url, worker: server.url };
  const crew = await startCrew(ways, { concurrency: 1, http: { port: 0 } });
  const active = (): number => crew.worker.active.default ?? 0;
  const change = async (concurrency: number): Promise<void> => {
    const method = 'PATCH';
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ concurrency });
    await fetch(`${crew.worker.httpUrl}/concurrency`, { method, headers, body });
  };
  const tell = measure('F17');
  const ids = await pushSteps(crew.goflow, { count: 600, ms: 40 });
  let most = 0;
  const sampling = setInterval(() => {
    most = Math.max(most, active());
  }, 5);
  onTestFinished(() => clearInterval(sampling));
  await until(() => crew.ran.length > 5, { what: 'one after another' });
  expect(most).toBe(1);
  await change(64);
  await until(() => active() === 64, { what: 'all slots to be taken' });
  await change(1);
  await until(() => active() === 1, { what: 'the others to end' });
  most = 0;
  const from = crew.ran.length;
  await until(() => crew.ran.length > from + 5, { what: 'one after another again' });
  expect(most).toBe(1);
  await change(64);
  await expectAll(crew.goflow, ids);
  tell({ lost: 0, duplicates: repeats(crew.ran) });
  expect(repeats(crew.ran)).toBe(0);
});
