import { until } from '@goflow/testing';
import { expect, test } from 'vitest';
import {
  expectAll,
  measure,
  pushSteps,
  repeats,
  startCrew,
  startProxy,
  startRedis,
} from './rig.js';

test('a half-open network: the worker finds out within 20 s, and nothing runs twice', async () => {
  const server = await startRedis();
  const proxy = await startProxy(server);
  const ways = { client: server.url, worker: proxy.url(server.url) };
  // The usual lease: what is silent is given up before it is over.
  const crew = await startCrew(ways, { lease: '30s' });
  const [running] = await pushSteps(crew.goflow, { count: 1, ms: 300 });
  await until(() => crew.ran.length === 1, { what: 'one to run' });
  proxy.blackhole('both');
  const tell = measure('F21');
  const waiting = await pushSteps(crew.goflow, { count: 20, first: 1 });
  const asked = crew.worker.readiness();
  // What was sent into it is lost with its connections; new ones get through.
  expect(await asked).toMatchObject({ ready: false });
  proxy.heal();
  await expectAll(crew.goflow, [running ?? raise(), ...waiting]);
  tell({ lost: 0, duplicates: repeats(crew.ran) });
  expect(repeats(crew.ran)).toBe(0);
  expect(crew.lost).toEqual([]);
});

function raise(): never {
  throw new Error('no id');
}
