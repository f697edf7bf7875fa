import { newTaskId, type PageQuestion, type TaskId, type WorkerAdvert } from '@goflow/shared';
import { expect, test } from 'vitest';
import { DONE, envelopeOf, FAILED, FAILURE, openRig, type Rig } from './rig.test-d.js';

/** All pages of a question, as ids. */
async function pagesOf(
  { client }: Rig,
  question: Omit<PageQuestion, 'queue' | 'after'>,
): Promise<TaskId[][]> {
  const pages: TaskId[][] = [];
  let after: string | undefined;
  do {
    const page = await client.inspector.page({ queue: 'q', ...question, after });
    pages.push(page.tasks.map(({ id }) => id));
    after = page.next;
  } while (after !== undefined);
  return pages;
}

test('pages are newest first: open tasks by their push', async () => {
  const rig = openRig();
  const ids: TaskId[] = [];
  for (let at = 0; at < 5; at += 1) {
    // The second and the third are of one millisecond.
    if (at !== 2) await rig.clock.advance(10);
    ids.unshift(await rig.push({ priority: 5 - at }));
  }
  const delayed = await rig.push({ delayMs: 10 });
  expect(await pagesOf(rig, { state: 'waiting', limit: 2 })).toEqual([
    ids.slice(0, 2),
    ids.slice(2, 4),
    ids.slice(4),
  ]);
  expect(await pagesOf(rig, { state: 'waiting', limit: 5 })).toEqual([ids]);
  expect(await pagesOf(rig, { state: 'delayed', limit: 5 })).toEqual([[delayed]]);
  expect(await pagesOf(rig, { state: 'failed', limit: 5 })).toEqual([[]]);
  const [task] = (await rig.client.inspector.page({ queue: 'q', state: 'delayed', limit: 1 }))
    .tasks;
  expect(task).toMatchObject({ id: delayed, state: 'delayed', dueAt: rig.clock.now() + 10 });
});

test('finished tasks are listed by their end, without log and history', async () => {
  const rig = openRig();
  const [slow, quick] = [await rig.push({ delayMs: 50 }), await rig.push({ delayMs: 20 })];
  await rig.consume(async (task) => {
    await task.report({
      log: [{ at: new Date(), level: 'info', message: 'm', attempt: 1, seq: 1 }],
    });
    return FAILED;
  });
  await rig.clock.advance(100);
  expect(await pagesOf(rig, { state: 'failed', limit: 10 })).toEqual([[slow, quick]]);
  const page = await rig.client.inspector.page({ queue: 'q', state: 'failed', limit: 1 });
  expect(page.tasks).toMatchObject([{ id: slow, failure: FAILURE, log: [], history: [] }]);
  expect((await rig.client.detail(slow))?.log).toHaveLength(1);
});

test('what comes and goes between two pages moves nothing else', async () => {
  const rig = openRig();
  const ids: TaskId[] = [];
  for (let at = 0; at < 6; at += 1) {
    await rig.clock.advance(1);
    ids.unshift(await rig.push());
  }
  const question = { queue: 'q', state: 'waiting', limit: 2 } as const;
  const first = await rig.client.inspector.page(question);
  // The last of the page, by which the next one begins, and one that was to come.
  await rig.client.cancel(ids[1] ?? '', 'no');
  await rig.client.cancel(ids[2] ?? '', 'no');
  await rig.clock.advance(1);
  await rig.push();
  const second = await rig.client.inspector.page({ ...question, after: first.next });
  expect(second.tasks.map(({ id }) => id)).toEqual(ids.slice(3, 5));
});

test('a page may be asked for by tag and by time', async () => {
  const rig = openRig();
  const eu = await rig.push({ tags: ['eu', 'x'] });
  await rig.push({ tags: ['us'] });
  await rig.clock.advance(100);
  const since = rig.clock.now();
  const later = await rig.push({ tags: ['eu'] });
  expect(await pagesOf(rig, { state: 'waiting', tag: 'eu', limit: 5 })).toEqual([[later, eu]]);
  expect(await pagesOf(rig, { state: 'waiting', since, limit: 5 })).toEqual([[later]]);
  expect(await pagesOf(rig, { state: 'waiting', since: since + 1, limit: 5 })).toEqual([[]]);
  expect(await pagesOf(rig, { state: 'waiting', tag: 'e', limit: 5 })).toEqual([[]]);
  await rig.client.cancel(eu, 'no');
  // Of a finished task its end counts.
  expect(await pagesOf(rig, { state: 'cancelled', since, tag: 'eu', limit: 5 })).toEqual([[eu]]);
});

test('a page looks at so many tasks only, and then says where to go on', async () => {
  const rig = openRig();
  const wanted = await rig.push({ tags: ['rare'] });
  const others = Array.from({ length: 25_000 }, () => envelopeOf({}, rig.clock));
  await rig.client.pushMany(others);
  const pages = await pagesOf(rig, { state: 'waiting', tag: 'rare', limit: 10 });
  expect(pages).toEqual([[], [], [wanted]]);
});

test('a cursor that is made up, or of another question, is refused', async () => {
  const { client, push } = openRig();
  await push();
  await push();
  const question = { queue: 'q', state: 'waiting', limit: 1 } as const;
  const { next = '' } = await client.inspector.page(question);
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const others: PageQuestion[] = [
    ...[
      '',
      'nonsense',
      `${next}x`,
      encoded(null),
      encoded(['q', 'waiting', null, null, 'a', 1]),
    ].map((after) => ({ ...question, after })),
    { ...question, state: 'failed', after: next },
    { ...question, queue: 'other', after: next },
    { ...question, tag: 'eu', after: next },
    { ...question, since: 5, after: next },
  ];
  for (const other of others)
    await expect(client.inspector.page(other)).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  expect((await client.inspector.page({ ...question, after: next })).tasks).toHaveLength(1);
});

test('a dead letter is redriven with all its attempts before it; its times do not count any more', async () => {
  const { client, clock, push, consume } = openRig();
  const now = clock.now();
  const id = await push({
    startBy: now + 10,
    deadline: now + 20,
    payloadJson: '1',
    maxAttempts: 2,
  });
  const seen: unknown[] = [];
  await consume(
    ({ attempt, starts, payload, startBy, deadline, maxAttempts }) => {
      seen.push({ attempt, starts, payload, startBy, deadline, maxAttempts });
      return starts === 1 ? FAILED : DONE;
    },
    { concurrency: 0 },
  ).then(async (consumer) => {
    await consumer.setConcurrency(1);
    await clock.advance(100);
    await consumer.setConcurrency(0);
    expect(await client.inspector.redrive(id, '2')).toEqual({ found: 'failed', done: true });
    const detail = await client.detail(id);
    expect(detail).toMatchObject({ state: 'waiting', attempts: 0, starts: 1, payload: 2 });
    for (const gone of ['failure', 'finishedAt', 'startBy', 'deadline'] as const)
      expect(detail?.[gone]).toBeUndefined();
    // It waits as long as it has to, and is not swept away.
    await clock.advance(8 * 86_400_000);
    await consumer.setConcurrency(1);
    await clock.advance(0);
  });
  const said = { startBy: now + 10, deadline: now + 20, maxAttempts: 2 };
  expect(seen).toEqual([
    { attempt: 1, starts: 1, payload: 1, ...said },
    { attempt: 1, starts: 2, payload: 2, maxAttempts: 2 },
  ]);
  expect(await client.read([id])).toMatchObject([{ state: 'completed', attempts: 1 }]);
});

test('only what failed, expired or was cancelled is redriven; only what is finished is discarded', async () => {
  const { client, clock, push, consume } = openRig();
  const { inspector } = client;
  const waiting = await push({ queue: 'idle' });
  const completed = await push();
  const expired = await push({ payloadJson: '"expired"' });
  await consume(({ payload }) => (payload ? { kind: 'expired', failure: FAILURE } : DONE));
  await clock.advance(0);
  const done = false;
  expect(await inspector.redrive(waiting)).toEqual({ found: 'waiting', done });
  expect(await inspector.redrive(completed)).toEqual({ found: 'completed', done });
  expect(await inspector.redrive(newTaskId('q'))).toEqual({ found: 'unknown', done });
  expect(await inspector.discard(waiting)).toEqual({ found: 'waiting', done });
  expect(await inspector.discard(newTaskId('q'))).toEqual({ found: 'unknown', done });
  expect(await inspector.redrive(expired)).toEqual({ found: 'expired', done: true });
  expect(await inspector.discard(completed)).toEqual({ found: 'completed', done: true });
  expect(await client.read([completed])).toEqual([undefined]);
  expect((await client.counts('q')).completed).toBe(0);
  await client.cancel(waiting, 'no');
  expect(await inspector.redrive(waiting)).toEqual({ found: 'cancelled', done: true });
  expect((await client.counts('idle')).waiting).toBe(1);
});

test('workers are there as they are now, until they stop or their broker closes', async () => {
  const { client, clock, consumer, openConsumer } = openRig();
  const advert: WorkerAdvert = {
    name: 'w1',
    host: 'h',
    pid: 1,
    version: '1',
    types: ['t'],
    startedAt: 5,
    queues: { q: { concurrency: 2, active: 0 } },
    eventLoopLagMs: 1,
    state: 'running',
  };
  let second: WorkerAdvert = { ...advert, name: 'w2', types: ['u'] };
  expect([client.isHandled('t'), await client.isHandledNow('t')]).toEqual([false, false]);
  expect(await consumer.lastAdvertised('t')).toBeUndefined();
  const other = openConsumer();
  consumer.advertise(() => advert);
  other.advertise(() => second);
  expect(await client.inspector.workers()).toEqual([
    { ...advert, seenAt: clock.now() },
    { ...second, seenAt: clock.now() },
  ]);
  expect([client.isHandled('t'), await client.isHandledNow('u')]).toEqual([true, true]);
  second = { ...second, types: ['u', 'v'] };
  expect([client.isHandled('v'), client.isHandled('x')]).toEqual([true, false]);
  await clock.advance(60_000);
  expect(await consumer.lastAdvertised('v')).toBe(clock.now());
  second = { ...second, types: [], state: 'stopped' };
  await clock.advance(60_000);
  // Nobody had asked since, and so it may have had it until now.
  expect(await consumer.lastAdvertised('v')).toBe(clock.now());
  await clock.advance(60_000);
  expect(await consumer.lastAdvertised('v')).toBe(clock.now() - 60_000);
  expect((await client.inspector.workers()).map(({ name }) => name)).toEqual(['w1']);
  await consumer.close();
  expect(await client.inspector.workers()).toEqual([]);
  expect(await other.lastAdvertised('t')).toBe(clock.now());
  expect(await client.isHandledNow('t')).toBe(false);
});
