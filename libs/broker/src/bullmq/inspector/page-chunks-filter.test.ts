import type { PageQuestion, TaskState } from '@goflow/shared';
import { expect, test } from 'vitest';
import { pageTasks } from './page-tasks.js';
import { all, type InChunk, type PlantedChunk, plantChunk } from './planted-chunks.test-d.js';
import { openPlanted, type Planted, times } from './planted-jobs.test-d.js';
import { indexTags } from './tag-index.js';

type Asked = Partial<PageQuestion> & { readonly state: TaskState };

async function allPages(planted: Planted, asked: Asked): Promise<string[]> {
  const seen: string[] = [];
  let after: string | undefined;
  do {
    const question = { queue: 'default', limit: 4, ...asked, after };
    const { tasks, next } = await pageTasks(planted, question);
    seen.push(...tasks.map(({ id }) => id.slice('default:'.length)));
    after = next;
  } while (after !== undefined);
  return seen;
}

const indexesOf = (chunk: string, indexes: readonly number[]): string[] =>
  indexes.map((index) => `${chunk}:${index}`);

const settled: readonly InChunk[] = ['completed', 'left', 'completed'];
const half: readonly InChunk[] = ['completed', 'left', 'open', 'open'];

/** A chunk that is in the index of the tag `eu`, too. */
async function tagged(planted: Planted, chunk: PlantedChunk): Promise<string> {
  const { pushedAt = 1_000 } = chunk;
  const unique = await plantChunk(planted, { ...chunk, options: { tags: ['eu'] } });
  await indexTags(planted.redis, planted.prefix, {
    id: `default:${unique}`,
    queue: 'default',
    tags: ['eu'],
    pushedAt,
  });
  return unique;
}

test.each([false, true])(
  'a tag is found by its index or by the state, whichever is shorter: %s',
  async (isByIndex) => {
    const planted = openPlanted();
    const done = await tagged(planted, { in: 'completed', pushedAt: 5, at: 50, tasks: settled });
    const waiting = await tagged(planted, { in: 'wait', pushedAt: 6, tasks: half });
    const active = await tagged(planted, { in: 'active', pushedAt: 7, tasks: half });
    const delayed = await tagged(planted, { in: 'delayed', pushedAt: 8, tasks: half });
    await planted.finished('failed', 9, { unique: `${done}.1`, options: { tags: ['eu'] } });
    await planted.redis.zadd(planted.key('tag:eu'), 5, `${done}.1`);
    // Without the tag.
    for (const place of ['wait', 'active', 'delayed', 'completed'] as const)
      await plantChunk(planted, { in: place, tasks: place === 'completed' ? settled : half });
    const others = isByIndex ? 40 : 0;
    for (const state of ['completed', 'failed'] as const)
      await times(others, () => planted.finished(state, 60));
    await times(others, () => planted.waiting().then(() => planted.active()));
    await times(others, () => planted.delayed(60));
    const gone = isByIndex ? [] : Array.from({ length: 99 }, (_, at) => [at, `gone-${at}`]).flat();
    if (gone.length > 0) await planted.redis.zadd(planted.key('tag:eu'), ...gone);
    for (const limit of [1, 3, 50]) {
      const of = (state: TaskState) => allPages(planted, { state, tag: 'eu', limit });
      expect(await of('completed')).toEqual(indexesOf(done, [2, 0]));
      expect(await of('waiting')).toEqual(indexesOf(waiting, [3, 2]));
      expect(await of('active')).toEqual(indexesOf(active, [3, 2]));
      expect(await of('delayed')).toEqual(indexesOf(delayed, [3, 2]));
      expect(await of('failed')).toEqual(indexesOf(done, [1]));
      expect(await of('cancelled')).toEqual([]);
    }
  },
);

test('since: of those that completed in a chunk, their own end counts', async () => {
  const planted = openPlanted();
  const tasks = all('completed', 8);
  // They end at 2,005, 2,015 … 2,075.
  await plantChunk(planted, { in: 'completed', at: 2_040, tasks: all('completed', 3) });
  const chunk = await tagged(planted, { in: 'completed', at: 3_000, tasks });
  const late = await plantChunk(planted, {
    in: 'completed',
    at: 9_000,
    tasks,
    fields: { t0: 8_000 },
  });
  const asked = { state: 'completed', since: 2_055 } as const;
  for (const limit of [1, 3, 50]) {
    expect(await allPages(planted, { ...asked, limit })).toEqual([
      ...indexesOf(late, [7, 6, 5, 4, 3, 2, 1, 0]),
      ...indexesOf(chunk, [7, 6, 5]),
    ]);
    const byTag = await allPages(planted, { ...asked, tag: 'eu', limit });
    expect(byTag).toEqual(indexesOf(chunk, [7, 6, 5]));
  }
});

test('since: of those that are open, the push of their chunk counts', async () => {
  const planted = openPlanted();
  for (const place of ['wait', 'active', 'delayed'] as const) {
    await tagged(planted, { in: place, pushedAt: 99, tasks: half });
    const chunk = await tagged(planted, { in: place, pushedAt: 100, tasks: half });
    const state = place === 'wait' ? 'waiting' : place;
    const expected = indexesOf(chunk, [3, 2]);
    expect(await allPages(planted, { state, since: 100, limit: 1 })).toEqual(expected);
    expect(await allPages(planted, { state, since: 100, tag: 'eu' })).toEqual(expected);
  }
});

test('a chunk whose worker died is still told as active', async () => {
  const planted = openPlanted();
  const chunk = await plantChunk(planted, { in: 'active', tasks: half });
  await planted.redis.del(planted.key(`${chunk}:lock`));
  expect(await allPages(planted, { state: 'active' })).toEqual(indexesOf(chunk, [3, 2]));
});

test('chunks with garbage in them are passed over, and what is good in them is told', async () => {
  const planted = openPlanted();
  const { redis } = planted;
  const tasks = all('completed', 3);
  const plant = (fields: Record<string, string | number>, at: number) =>
    plantChunk(planted, { in: 'completed', at, tasks, fields });
  const good = await plant({}, 1);
  await plant({ opts: '{"c":2000000000}' }, 2);
  await plant({ opts: '{"c":-1}' }, 3);
  await plant({ k: 'many' }, 4);
  await plant({ k: '99999999999999999999', r: '' }, 5);
  const some = await plant({ r: '1,2 3\n4', data: '{' }, 6);
  // Another program completed it: nobody knows what became of its tasks.
  await plantChunk(planted, { in: 'completed', at: 7, tasks: all('open', 3) });
  await redis.zadd(planted.key('completed'), 8, 'wait', 9, 'completed', 10, `${good}.7`);
  // Written by hand into a plain task, it makes a chunk of it.
  const plain = await planted.finished('completed', 11, { options: { c: 2 } });
  const seen = await allPages(planted, { state: 'completed', limit: 1 });
  expect(seen.filter((id) => !/^u\d+$/.test(id))).toEqual([
    ...indexesOf(some, [0]),
    ...indexesOf(good, [2, 1, 0]),
  ]);
  expect(seen).not.toContain(plain);
  const byHand = await planted.waiting({ options: { c: 2 }, fields: { k: 'x', o: 'y' } });
  const waiting = indexesOf(byHand, [1, 0]);
  expect(await allPages(planted, { state: 'waiting' })).toEqual(waiting);
});
