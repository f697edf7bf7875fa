import type { TaskId } from '@goflow/sdk';
import { type RedisServer, until } from '@goflow/testing';
import { expect, test } from 'vitest';
import { openRedis } from '../support/redis.js';
import { type Crew, expectAll, measure, pushSteps, repeats, startCrew, startRedis } from './rig.js';

const crewOn = (server: RedisServer, lease: '2s' | '30s' = '2s'): Promise<Crew> =>
  startCrew({ client: server.url, worker: server.url }, { lease });

/** Pushes one after another until it is told to stop; keeps what was acknowledged. */
function keepPushing({ goflow }: Crew): {
  readonly stop: () => Promise<readonly TaskId<'step'>[]>;
} {
  const ids: TaskId<'step'>[] = [];
  let isOver = false;
  const pushing = (async () => {
    while (!isOver) ids.push(await goflow.push('step', { n: ids.length, ms: 5 }));
  })();
  return {
    stop: async () => {
      isOver = true;
      await pushing;
      return ids;
    },
  };
}

test('Redis is killed three times under load and starts again from its append-only file: nothing is lost', async () => {
  const server = await startRedis('--appendfsync', 'everysec');
  const crew = await crewOn(server, '30s');
  const load = keepPushing(crew);
  for (const done of [50, 100, 150]) {
    await until(() => crew.ran.length > done, { what: `${done} to run` });
    await server.kill9();
    await server.restart();
  }
  const tell = measure('F28');
  const ids = await load.stop();
  await expectAll(crew.goflow, ids);
  tell({ lost: 0, duplicates: repeats(crew.ran) });
});

test('a disk that lost its last writes: what is gone is unknown, what was done since is done again, and all goes on', async () => {
  const server = await startRedis('--appendfsync', 'everysec');
  const crew = await crewOn(server);
  const early = await pushSteps(crew.goflow, { count: 20, ms: 1 });
  await expectAll(crew.goflow, early);
  await crew.worker.setConcurrency(0);
  const half = await pushSteps(crew.goflow, { count: 20, ms: 1, first: 20 });
  const admin = openRedis(server.url);
  await admin.call('BGREWRITEAOF');
  await until(async () => (await admin.info('persistence')).includes('aof_rewrite_in_progress:0'), {
    what: 'a file on the disk',
  });
  await server.kill9();
  const copy = await server.copyData();
  await server.restart();
  await crew.worker.setConcurrency(10);
  const late = await pushSteps(crew.goflow, { count: 20, ms: 1, first: 40 });
  await until(() => crew.ran.length === 60, { what: 'all to run' });
  await server.kill9();
  await server.restoreData(copy);
  await server.restart();
  const tell = measure('F29');
  const results = await crew.goflow.waitAll([...early, ...half], { timeout: '20s' });
  expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['completed']));
  const lost = (await Promise.all(late.map((id) => crew.goflow.getResult(id)))).filter(
    ({ status }) => status === 'unknown',
  );
  expect(lost.length).toBe(20);
  tell({ lost: lost.length, duplicates: repeats(crew.ran) });
  expect(repeats(crew.ran)).toBe(20);
  const again = await pushSteps(crew.goflow, { count: 5 });
  await expectAll(crew.goflow, again);
});

test('a lease that somebody deleted: the task runs again, and one outcome is recorded', async () => {
  const server = await startRedis();
  const crew = await crewOn(server);
  const ids = await pushSteps(crew.goflow, { count: 1, ms: 2_500 });
  await until(() => crew.ran.length === 1, { what: 'it to run' });
  const admin = openRedis(server.url);
  const [key = ''] = await admin.keys('faults:*:lock');
  await admin.del(key);
  const tell = measure('F34');
  await expectAll(crew.goflow, ids);
  tell({ lost: 0, duplicates: repeats(crew.ran) });
  expect(crew.ran.length).toBe(2);
  expect(await crew.goflow.getResult(ids[0] ?? '')).toMatchObject({ attempts: 1 });
});
