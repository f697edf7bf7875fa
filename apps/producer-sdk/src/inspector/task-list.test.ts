import type { PageQuestion } from '@goflow/shared';
import { expect, test } from 'vitest';
import type { TaskFilter } from './filter.js';
import { openRig } from './rig.test-d.js';

type Rig = ReturnType<typeof openRig>;

/** The ids of all pages, in order. */
async function readAll({ inspector }: Rig, filter: TaskFilter, limit: number): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await inspector.list(filter, cursor, limit);
    expect(page.tasks.length).toBeLessThanOrEqual(limit);
    ids.push(...page.tasks.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== undefined);
  return ids;
}

/** Tasks of every state in two queues; every seventh has the text, every third the tag. */
function fill({ broker }: Rig, count: number): void {
  const states = ['waiting', 'active', 'failed', 'completed', 'expired', 'failed'] as const;
  for (let number = 0; number < count; number += 1) {
    const state = states[number % states.length] ?? 'failed';
    const queue = number % 2 ? 'default' : 'images';
    const payload = { to: number % 7 ? 'nobody' : 'somebody' };
    broker.put(number, { state, queue, payload, tags: number % 3 ? [] : ['eu'] });
  }
}

test.each([0, 1_001, -1, 1.5, Number.NaN, '50', null, {}])('limit %j is refused', async (limit) => {
  const { inspector } = openRig();
  await expect(inspector.list({}, undefined, limit as number)).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: expect.stringContaining('`limit`'),
  });
});

test('an empty broker has one empty page', async () => {
  const { inspector } = openRig();
  expect(await inspector.list()).toEqual({ tasks: [] });
});

test('a page has 50 tasks unless said otherwise, and one call for a page that is full', async () => {
  const rig = openRig();
  fill(rig, 600);
  const { tasks, next } = await rig.inspector.list({ state: 'failed', queue: 'images' });
  expect(tasks).toHaveLength(50);
  expect(next).toBeTypeOf('string');
  expect(rig.broker.asked).toMatchObject([{ limit: 50 }]);
});

test('queue by queue, state by state, the newest first', async () => {
  const rig = openRig();
  fill(rig, 24);
  const { tasks } = await rig.inspector.list();
  expect([...new Set(tasks.map(({ queue, status }) => `${queue} ${status}`))]).toEqual([
    'default active',
    'default failed',
    'default completed',
    'images waiting',
    'images failed',
    'images expired',
  ]);
  const failed = tasks.filter(({ queue, status }) => queue === 'default' && status === 'failed');
  const ends = failed.map(({ finishedAt }) => finishedAt?.getTime() ?? 0);
  expect(ends).toEqual([...ends].sort((a, b) => b - a));
});

test.each([
  [{}, 1],
  [{}, 7],
  [{}, 1_000],
  [{ text: 'somebody' }, 1],
  [{ text: 'somebody' }, 10],
  [{ tag: 'eu', text: 'somebody' }, 3],
  [{ state: ['failed', 'expired'], tag: 'eu' }, 11],
  [{ queue: 'images', text: 'nobody' }, 20],
] as const)('pages of %j by %d have every task once', async (filter, limit) => {
  const rig = openRig();
  fill(rig, 500);
  const { state, tag, text, queue }: TaskFilter = filter;
  const wanted = [...rig.broker.tasks.values()].filter(
    (task) =>
      (!state || state.includes(task.state)) &&
      (!tag || task.tags.includes(tag)) &&
      (!text || JSON.stringify(task.payload).includes(`"${text}"`)) &&
      (!queue || task.queue === queue),
  );
  const ids = await readAll(rig, filter, limit);
  expect([...ids].sort()).toEqual(wanted.map(({ id }) => id).sort());
});

test('while tasks come and go, those that stay are given once', async () => {
  const rig = openRig();
  fill(rig, 400);
  const staying = [...rig.broker.tasks.values()]
    .filter(({ state }, index) => state === 'failed' && index % 4 !== 1)
    .map(({ id }) => id);
  const goingBefore = [...rig.broker.tasks.values()]
    .filter(({ id, state }) => state === 'failed' && !staying.includes(id))
    .map(({ id }) => id);
  const going = [...goingBefore];
  let coming = 1_000;
  rig.broker.beforePage = () => {
    const gone = going.splice(Math.floor(going.length / 2), 1)[0];
    if (gone) rig.broker.tasks.delete(gone);
    for (const queue of ['default', 'images']) {
      coming += 1;
      rig.broker.put(coming, { queue });
    }
  };
  const ids = await readAll(rig, { state: 'failed', text: 'body' }, 3);
  expect(new Set(ids).size).toBe(ids.length);
  const once = ids.filter((id) => staying.includes(id));
  expect(once.sort()).toEqual(staying.sort());
});

test('a page that grew between two looks at it is cut shorter still', async () => {
  const rig = openRig();
  const text = 'somebody';
  for (let number = 0; number < 100; number += 1)
    rig.broker.put(number, { payload: number % 10 ? 'no' : text });
  let asked = 0;
  let grown = 0;
  rig.broker.beforePage = ({ limit }) => {
    // The page held too many, and is looked at again: now it holds even more.
    if (limit < asked && grown === 0)
      for (grown = 1; grown < 90; grown += 1) rig.broker.put(grown, { payload: text });
    asked = limit;
  };
  const { tasks, next } = await rig.inspector.list({ state: 'failed', text }, undefined, 2);
  expect(grown).toBe(90);
  expect(tasks).toHaveLength(2);
  const rest = await rig.inspector.list({ state: 'failed', text }, next, 1_000);
  const ids = [...tasks, ...rest.tasks].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test('a task that goes on while one page is made is given once', async () => {
  const rig = openRig();
  const id = rig.broker.put(1, { state: 'active' });
  rig.broker.beforePage = ({ state }) => {
    if (state === 'failed') rig.broker.put(1, { state: 'failed' });
  };
  const { tasks } = await rig.inspector.list();
  expect(tasks).toMatchObject([{ id, status: 'failed' }]);
});

test('one call looks at 5,000 tasks, and the next one goes on', async () => {
  const rig = openRig();
  for (let number = 0; number < 7_000; number += 1) rig.broker.put(number);
  const wanted = rig.broker.put(10, { payload: 'needle' });
  const filter = { state: 'failed', text: 'needle' } as const;
  const first = await rig.inspector.list(filter, undefined, 1);
  expect(first.tasks).toEqual([]);
  const looked = rig.broker.asked.reduce((sum, { limit }) => sum + limit, 0);
  expect(looked).toBe(5_000);
  // Not 5,000 pages of one, because one is wanted.
  expect(rig.broker.asked.length).toBeLessThan(40);
  const second = await rig.inspector.list(filter, first.next, 1);
  expect(second.tasks).toMatchObject([{ id: wanted }]);
});

test('pages that are empty though there are more come to an end', async () => {
  const { inspector, broker } = openRig();
  const asked: PageQuestion[] = [];
  broker.inspector.page = async (question) => {
    asked.push(question);
    return { tasks: [], next: `${1_000_000_000_000 + asked.length} x` };
  };
  const { tasks, next } = await inspector.list({ tag: 'rare' });
  expect(tasks).toEqual([]);
  expect(next).toBeTypeOf('string');
  expect(asked.length).toBeLessThan(40);
});

test('tasks past their retention are left out', async () => {
  const rig = openRig();
  fill(rig, 60);
  for (let number = 100; number < 400; number += 1) rig.broker.put(number, { tags: ['over'] });
  expect(await readAll(rig, {}, 1)).toHaveLength(60);
});

test('a cursor of another filter is refused', async () => {
  const rig = openRig();
  fill(rig, 60);
  const { next } = await rig.inspector.list({ state: 'failed' }, undefined, 1);
  for (const other of [{}, { state: 'completed' }, { state: 'failed', tag: 'eu' }] as const)
    await expect(rig.inspector.list(other, next)).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  for (const made of ['', 'x', null, 7, {}] as unknown[])
    await expect(rig.inspector.list({}, made as string)).rejects.toMatchObject({
      code: 'CURSOR_INVALID',
    });
});
