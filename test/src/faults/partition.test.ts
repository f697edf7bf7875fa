import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { openClient } from '../support/system.js';
import { tasks } from './fault-tasks.mjs';
import {
  expectAll,
  Ledger,
  measure,
  pushSteps,
  repeats,
  startCrew,
  startProxy,
  startRedis,
  startWorkerProgram,
} from './rig.js';

test('only one worker is cut off: its task runs elsewhere, its handler is told to stop, and its late result is dropped', async () => {
  const server = await startRedis();
  const proxy = await startProxy(server);
  const ledger = new Ledger();
  const flags = ['--lease', '2s'];
  const behind = { redis: proxy.url(server.url), prefix: 'faults' };
  const cutOff = startWorkerProgram(behind, ledger, { flags });
  await cutOff.line(/worker started/);
  const place = { redis: server.url, prefix: 'faults' };
  const goflow = openClient(tasks, place);
  const ids = await pushSteps(goflow, { count: 1, ms: 7_000 });
  await until(() => ledger.of('begin').length === 1, { what: 'the task to begin' });
  proxy.blackhole('both');
  const tell = measure('F23');
  startWorkerProgram(place, ledger, { flags });
  await until(() => ledger.of('begin').length === 2, { what: 'it to begin elsewhere' });
  tell({ lost: 0, duplicates: 1 });
  const isTold = (): boolean => ledger.of('abort').some(({ pid }) => pid === cutOff.pid);
  await until(isTold, { what: 'the handler to be told' });
  proxy.heal();
  await expectAll(goflow, ids);
  expect(ledger.of('begin').map(({ starts }) => starts)).toEqual([1, 2]);
  expect(await goflow.getResult(ids[0] ?? '')).toMatchObject({ attempts: 1 });
});

test('an outage longer than any number of tries: what ended meanwhile is recorded, once', async () => {
  const server = await startRedis('--appendfsync', 'always');
  const proxy = await startProxy(server);
  // A hundred tries in some seconds: ioredis gives commands up after 20 unless it is told not to.
  const worker = { host: '127.0.0.1', port: proxy.port, retryStrategy: () => 20 };
  const crew = await startCrew({ client: server.url, worker }, { lease: '30s' });
  const ids = await pushSteps(crew.goflow, { count: 10, ms: 1_000 });
  await until(() => crew.ran.length === 10, { what: 'all to run' });
  proxy.refuse();
  proxy.cutAll();
  const before = proxy.counters.cut;
  await until(() => proxy.counters.cut - before > 100, { what: 'a hundred tries' });
  proxy.heal();
  const tell = measure('F25');
  await expectAll(crew.goflow, ids);
  tell({ lost: 0, duplicates: repeats(crew.ran) });
  expect(crew.ran.length).toBe(10);
  expect(crew.lost).toEqual([]);
});
