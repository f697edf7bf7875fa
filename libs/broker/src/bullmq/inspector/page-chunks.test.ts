import type { PageQuestion, TaskState } from '@goflow/shared';
import { expect, test } from 'vitest';
import { pageTasks } from './page-tasks.js';
import { all, type InChunk, plantChunk } from './planted-chunks.test-d.js';
import { openPlanted, type Planted, times } from './planted-jobs.test-d.js';

type Asked = Partial<PageQuestion> & { readonly state: TaskState };

/** All pages one after the other, without the queue in the ids; `between` happens after each, and is told how full it was. */
async function allPages(
  planted: Planted,
  asked: Asked,
  between?: (page: number, count: number) => Promise<unknown>,
) {
  const seen: string[] = [];
  const limit = asked.limit ?? 10;
  let after: string | undefined;
  for (let page = 1; ; page += 1) {
    const question = { queue: 'default', ...asked, limit, after };
    const { tasks, next } = await pageTasks(planted, question);
    expect(tasks.length).toBeLessThanOrEqual(limit);
    seen.push(...tasks.map(({ id }) => id.slice('default:'.length)));
    if (next === undefined) return seen;
    after = next;
    await between?.(page, tasks.length);
  }
}

/** The tasks of a chunk that something became of, the highest index first. */
function tasksOf(chunk: string, tasks: readonly InChunk[], what: InChunk): string[] {
  return tasks.flatMap((task, index) => (task === what ? [`${chunk}:${index}`] : [])).reverse();
}

const mixed: readonly InChunk[] = ['completed', 'left', 'completed', 'open', 'left', 'open'];

test('a chunk stands for its tasks in the state asked for, each once, whatever the limit', async () => {
  const planted = openPlanted();
  const expected: Partial<Record<TaskState, string[]>> = { completed: [] };
  const add = (state: TaskState, ...uniques: string[]) => expected[state]?.unshift(...uniques);
  for (const [state, place] of [
    ['waiting', 'wait'],
    ['delayed', 'delayed'],
    ['active', 'active'],
  ] as const) {
    expected[state] = [];
    for (let at = 1; at <= 12; at += 1) {
      const tasks = at % 3 === 0 ? all('open', at) : at % 3 === 1 ? mixed : all('left', 3);
      const chunk = await plantChunk(planted, { in: place, at: at * 10, tasks });
      add(state, ...tasksOf(chunk, tasks, 'open'));
      if (state === 'waiting') add(state, await planted.waiting());
      if (state === 'delayed') add(state, await planted.delayed(at * 10 + 5));
      if (state === 'active') add(state, await planted.active());
    }
  }
  for (let at = 1; at <= 12; at += 1) {
    const tasks = [...all('completed', at), ...all('left', at % 3), ...all('completed', 1)];
    const chunk = await plantChunk(planted, { in: 'completed', at: 9_000 + at * 10, tasks });
    add('completed', ...tasksOf(chunk, tasks, 'completed'));
    add('completed', await planted.finished('completed', 9_005 + at * 10));
  }
  for (const [state, uniques] of Object.entries(expected) as [TaskState, string[]][])
    for (const limit of [1, 2, 3, 7, 24, 500]) {
      const full = async (_: number, count: number) => expect(count).toBe(limit);
      expect(await allPages(planted, { state, limit }, full), `${state} ${limit}`).toEqual(uniques);
    }
});

test('tasks that have left their chunk are listed as the jobs that they are', async () => {
  const planted = openPlanted();
  const chunk = await plantChunk(planted, { in: 'completed', tasks: mixed.slice(0, 3) });
  await planted.finished('failed', 5, { unique: `${chunk}.1` });
  expect(await allPages(planted, { state: 'failed', limit: 1 })).toEqual([`${chunk}:1`]);
  expect(await allPages(planted, { state: 'completed', limit: 1 })).toEqual([
    `${chunk}:2`,
    `${chunk}:0`,
  ]);
  await planted.delayed(5, { unique: `${chunk}.9` });
  expect(await allPages(planted, { state: 'delayed' })).toEqual([`${chunk}:9`]);
});

test('a chunk with a priority is among those that have one', async () => {
  const planted = openPlanted();
  const tasks = all('open', 3);
  const last = await plantChunk(planted, { in: 'wait', tasks });
  const first = await plantChunk(planted, { in: 'prioritized', tasks });
  const expected = [...tasksOf(first, tasks, 'open'), ...tasksOf(last, tasks, 'open')];
  for (const limit of [1, 2, 3, 4, 6])
    expect(await allPages(planted, { state: 'waiting', limit })).toEqual(expected);
});

test('a place inside a chunk is found again when the list has moved', async () => {
  const planted = openPlanted();
  const tasks = all('open', 25);
  const chunks = await times(8, () => plantChunk(planted, { in: 'wait', tasks }));
  const taken: string[] = [];
  const seen = await allPages(planted, { state: 'waiting' }, async (page) => {
    await times(3, () => plantChunk(planted, { in: 'wait', tasks }));
    // Taken from the tail: at the end the walk meets them no more.
    if (page % 10 === 0) taken.push((await planted.redis.rpop(planted.key('wait'))) ?? '');
  });
  expect(taken).toHaveLength(1);
  expect(seen).toEqual(
    chunks
      .filter((chunk) => !taken.includes(chunk))
      .reverse()
      .flatMap((chunk) => tasksOf(chunk, tasks, 'open')),
  );
});

test('the first chunk may be larger than the page while others arrive before it', async () => {
  const planted = openPlanted();
  const tasks = all('open', 25);
  const chunk = await plantChunk(planted, { in: 'wait', tasks });
  const seen = await allPages(planted, { state: 'waiting' }, () => planted.waiting());
  expect(seen).toEqual(tasksOf(chunk, tasks, 'open'));
});

test('a chunk that is taken while pages go through it leaves its place to be found again', async () => {
  const planted = openPlanted();
  const before = await times(15, () => planted.waiting());
  const tasks = all('open', 25);
  const chunk = await plantChunk(planted, { in: 'wait', tasks });
  const after = await times(5, () => planted.waiting());
  const seen = await allPages(planted, { state: 'waiting' }, async (page) => {
    await times(4, () => planted.waiting());
    // Two pages end inside it.
    if (page === 2) await planted.redis.lrem(planted.key('wait'), 1, chunk);
  });
  expect(seen).toEqual([
    ...after.reverse(),
    ...tasksOf(chunk, tasks, 'open').slice(0, 15),
    ...before.reverse(),
  ]);
});

test('what becomes of a chunk between two pages does not touch the others', async () => {
  const planted = openPlanted();
  const tasks = all('completed', 25);
  const plant = (at: number) => plantChunk(planted, { in: 'completed', at, tasks });
  // Two of one time: the place lies among equals.
  const chunks = [await plant(10), await plant(20), await plant(20), await plant(30)];
  const [first = '', second = '', third = '', fourth = ''] = chunks;
  const seen = await allPages(planted, { state: 'completed' }, async (page) => {
    await plant(100 + page);
    // In the middle of the fourth: a task of it goes. In the middle of the third: all of it.
    if (page === 1) await planted.redis.hset(planted.key(fourth), 'x3', 1);
    if (page === 3) {
      await planted.redis.zrem(planted.key('completed'), third);
      await planted.redis.del(planted.key(third));
    }
  });
  const of = (chunk: string) => tasksOf(chunk, tasks, 'completed');
  expect(seen).toEqual([
    ...of(fourth).filter((id) => id !== `${fourth}:3`),
    ...of(third).slice(0, 6),
    ...of(second),
    ...of(first),
  ]);
});

test.each(['completed', 'wait'] as const)(
  'the last chunk may go while a page ends in it: %s',
  async (place) => {
    const planted = openPlanted();
    const tasks = all(place === 'wait' ? 'open' : 'completed', 15);
    const chunk = await plantChunk(planted, { in: place, tasks });
    const state = place === 'wait' ? 'waiting' : place;
    const seen = await allPages(planted, { state }, () => planted.redis.del(planted.key(place)));
    expect(seen).toEqual(tasksOf(chunk, tasks, tasks[0] ?? 'open').slice(0, 10));
  },
);

test('a full page of a full chunk, and one more', async () => {
  const planted = openPlanted();
  const tasks = all('completed', 1_000);
  const chunk = await plantChunk(planted, { in: 'completed', at: 20, tasks });
  const before = await planted.finished('completed', 10);
  const ids = tasksOf(chunk, tasks, 'completed');
  expect(await allPages(planted, { state: 'completed', limit: 1_000 })).toEqual([...ids, before]);
  expect(await allPages(planted, { state: 'completed', limit: 999 })).toEqual([...ids, before]);
});

test('the work of a page is bounded where chunks have nothing to tell, and it goes on', async () => {
  const planted = openPlanted();
  const tasks = all('left', 1_000);
  const last = await planted.finished('completed', 1);
  const lastWaiting = await planted.waiting();
  await times(60, async (index) => {
    await plantChunk(planted, { in: 'completed', at: 10 + index, tasks });
    await plantChunk(planted, { in: 'wait', tasks });
  });
  let pages = 1;
  const count = async () => {
    pages += 1;
  };
  expect(await allPages(planted, { state: 'completed' }, count)).toEqual([last]);
  expect(pages).toBeGreaterThan(1);
  expect(pages).toBeLessThan(10);
  expect(await allPages(planted, { state: 'waiting' })).toEqual([lastWaiting]);
});
