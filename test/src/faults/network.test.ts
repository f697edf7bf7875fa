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

type Request = readonly string[];
const isScript = ([command = '']: Request): boolean => /^eval(sha)?$/i.test(command);
/** Of what a worker sends, only the end of a task names this key. */
const isEnd = (request: Request): boolean =>
  isScript(request) && request.some((part) => part.endsWith(':completed'));

test('all connections are cut again and again: nothing is lost, and nothing runs twice', async () => {
  const server = await startRedis();
  const [near, far] = [await startProxy(server), await startProxy(server)];
  const crew = await startCrew({ client: near.url(server.url), worker: far.url(server.url) });
  const ids = await pushSteps(crew.goflow, { count: 300, ms: 20 });
  for (const done of [30, 100, 200]) {
    await until(() => crew.ran.length >= done, { what: `${done} to have begun` });
    near.cutAll();
    far.cutAll();
  }
  const tell = measure('F18');
  await expectAll(crew.goflow, ids);
  tell({ lost: 0, duplicates: repeats(crew.ran) });
  expect(repeats(crew.ran)).toBe(0);
});

test('the reply to a push is lost: it is one task, and so is each of many', async () => {
  const server = await startRedis();
  const proxy = await startProxy(server);
  const crew = await startCrew({ client: proxy.url(server.url), worker: server.url });
  await crew.worker.setConcurrency(0);
  await pushSteps(crew.goflow, { count: 1, first: 1_000 });
  const tell = measure('F19');
  for (let first = 0; first < 30; first += 3) {
    const before = proxy.counters.dropped;
    proxy.dropReplyAfter(isScript);
    if (first % 2 === 0) await pushSteps(crew.goflow, { count: 3, first });
    else
      await Promise.all(
        [0, 1, 2].map((index) => crew.goflow.push('step', { n: first + index, ms: 0 })),
      );
    expect(proxy.counters.dropped).toBeGreaterThan(before);
    proxy.heal();
  }
  expect(await crew.goflow.counts()).toMatchObject({ waiting: 31 });
  tell({ lost: 0, duplicates: 0 });
});

test('the reply to the end of a task is lost: its outcome stands, and the task that came with it runs when its lease is over', async () => {
  const server = await startRedis();
  const proxy = await startProxy(server);
  const ways = { client: server.url, worker: proxy.url(server.url) };
  const crew = await startCrew(ways, { concurrency: 1, http: { port: 0 } });
  await crew.worker.setConcurrency(0);
  const ids = await pushSteps(crew.goflow, { count: 20, ms: 10 });
  proxy.dropReplyAfter(isEnd, 2);
  await crew.worker.setConcurrency(1);
  await until(() => proxy.counters.dropped === 2, { what: 'both replies to be lost' });
  const tell = measure('F20');
  await expectAll(crew.goflow, ids);
  tell({ lost: 0, duplicates: repeats(crew.ran) });
  expect(repeats(crew.ran)).toBe(0);
  expect(crew.lost).toEqual([]);
  const metrics = await (await fetch(`${crew.worker.httpUrl}/metrics`)).text();
  expect(metrics).toMatch(/goflow_tasks_finished_total\{.*outcome="completed".*\} 20\n/);
});
