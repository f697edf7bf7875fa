import { newTaskId, type PageQuestion, type TaskState } from '@goflow/shared';
import { expect, test } from 'vitest';
import { pageTasks } from './page-tasks.js';
import { openPlanted, type Planted, type PlantedJob, times } from './planted-jobs.test-d.js';
import { indexTags } from './tag-index.js';

type Asked = Partial<PageQuestion> & { readonly state: TaskState };

async function allPages(planted: Planted, asked: Asked) {
  const seen: string[] = [];
  let after: string | undefined;
  for (let pages = 1; ; pages += 1) {
    const question = { queue: 'default', tag: 'eu', limit: 10, ...asked, after };
    const { tasks, next } = await pageTasks(planted, question);
    seen.push(...tasks.map(({ id }) => id.slice('default:'.length)));
    if (next === undefined) return { seen, pages };
    after = next;
  }
}

/** A job that is in the index of its tag, too. */
async function tagged(
  planted: Planted,
  pushedAt: number,
  make: (job: PlantedJob) => Promise<string>,
) {
  const unique = await make({ pushedAt, options: { tags: ['eu'] } });
  await planted.redis.zadd(planted.key('tag:eu'), pushedAt, unique);
  return unique;
}

test('of a tag, the tasks in one state come by their push, the newest first', async () => {
  const planted = openPlanted();
  const { finished, waiting, active, delayed } = {
    finished: (job: PlantedJob) => planted.finished('failed', 9_000 - (job.pushedAt ?? 0), job),
    waiting: (job: PlantedJob) => planted.waiting(job),
    active: (job: PlantedJob) => planted.active(job),
    delayed: (job: PlantedJob) => planted.delayed(5, job),
  };
  const made: Record<string, string[]> = { failed: [], waiting: [], active: [], delayed: [] };
  for (let at = 1; at <= 12; at += 1)
    for (const [state, make] of Object.entries({ failed: finished, waiting, active, delayed }))
      made[state]?.unshift(await tagged(planted, at, make));
  // Without the tag, and more of them, so that the tag is the shorter way.
  await times(60, () => finished({}).then(() => waiting({})));
  await times(60, () => active({}).then(() => delayed({})));
  for (const state of ['failed', 'waiting', 'active', 'delayed'] as const)
    expect((await allPages(planted, { state, limit: 5 })).seen, state).toEqual(made[state]);
});

test('few tasks in a state are found among many with the tag', async () => {
  const planted = openPlanted();
  const entries = Array.from({ length: 7_000 }, (_, at) => [at, `gone-${at}`]).flat();
  await planted.redis.zadd(planted.key('tag:eu'), ...(entries as (string | number)[]));
  const failed = await times(3, (index) =>
    tagged(planted, 5, (job) => planted.finished('failed', 100 + index, job)),
  );
  await planted.finished('failed', 99);
  expect(await allPages(planted, { state: 'failed' })).toEqual({
    seen: failed.reverse(),
    pages: 1,
  });
  expect(await planted.redis.zcard(planted.key('tag:eu'))).toBe(7_003);
});

test('a search that finds nothing within its bounds gives an empty page, and goes on', async () => {
  const planted = openPlanted();
  const many = Array.from({ length: 7_000 }, (_, at) => [at, `gone-${at}`]).flat();
  const others = Array.from({ length: 6_000 }, (_, at) => [at + 10, `other-${at}`]).flat();
  await planted.redis.zadd(planted.key('tag:eu'), ...(many as (string | number)[]));
  await planted.redis.zadd(planted.key('failed'), ...(others as (string | number)[]));
  const unique = await tagged(planted, 5, (job) => planted.finished('failed', 1, job));
  expect(await allPages(planted, { state: 'failed' })).toEqual({ seen: [unique], pages: 2 });
});

test('since: of finished tasks their end counts, whichever way is shorter; of others their push', async () => {
  const planted = openPlanted();
  // Pushed early, and ended late.
  const late = await tagged(planted, 1, (job) => planted.finished('failed', 500, job));
  await tagged(planted, 2, (job) => planted.finished('failed', 100, job));
  const asked = { state: 'failed', since: 300 } as const;
  expect((await allPages(planted, asked)).seen).toEqual([late]);
  await times(5, () => planted.finished('failed', 600));
  expect((await allPages(planted, asked)).seen).toEqual([late]);
  await tagged(planted, 299, (job) => planted.waiting(job));
  const waiting = await tagged(planted, 300, (job) => planted.waiting(job));
  expect((await allPages(planted, { state: 'waiting', since: 300 })).seen).toEqual([waiting]);
  await times(9, () => planted.waiting());
  expect((await allPages(planted, { state: 'waiting', since: 300 })).seen).toEqual([waiting]);
});

test('entries whose task is gone leave the index; one whose task may be on its way stays', async () => {
  const planted = openPlanted();
  const there = await tagged(planted, 5, (job) => planted.finished('completed', 6, job));
  await times(30, () => planted.finished('completed', 7));
  const id = newTaskId('default');
  const envelope = {
    id,
    queue: 'default',
    type: 'repeater',
    payloadJson: '1',
    pushedAt: Date.now(),
  };
  await indexTags(planted.redis, planted.prefix, { ...envelope, tags: ['eu'] });
  const gone = Array.from({ length: 12 }, (_, at) => [at, `gone-${at}`]).flat();
  await planted.redis.zadd(planted.key('tag:eu'), ...(gone as (string | number)[]));
  expect((await allPages(planted, { state: 'completed' })).seen).toEqual([there]);
  const left = await planted.redis.zrange(planted.key('tag:eu'), 0, '-1');
  expect(left).toEqual([there, id.slice('default:'.length)]);
});

test('a task that is in the index of a tag that it does not have is no answer', async () => {
  const planted = openPlanted();
  const unique = await planted.finished('completed', 6, { options: { tags: ['us'] } });
  await planted.redis.zadd(planted.key('tag:eu'), 5, unique);
  expect((await allPages(planted, { state: 'completed' })).seen).toEqual([]);
});
