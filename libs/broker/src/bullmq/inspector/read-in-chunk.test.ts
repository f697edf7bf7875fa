import type { Socket } from 'node:net';
import type { TaskDetail } from '@goflow/shared';
import { expect, test, vi } from 'vitest';
import { all, plantChunk, SINCE } from './planted-chunks.test-d.js';
import { openPlanted, type Planted } from './planted-jobs.test-d.js';
import { readDetails } from './read-detail.js';

const idOf = (chunk: string, index: number): string => `default:${chunk}:${index}`;

async function readAll(planted: Planted, chunk: string, count: number) {
  const ids = Array.from({ length: count }, (_, index) => idOf(chunk, index));
  return readDetails(planted, ids, { withLogs: true });
}

async function readOne(planted: Planted, chunk: string, index: number) {
  const [detail] = await readDetails(planted, [idOf(chunk, index)], { withLogs: true });
  return detail;
}

const line = (message: string): string => JSON.stringify([5, 'info', message, 1, 7]);

test('a task that completed in its chunk is read with its result, its times and its one attempt', async () => {
  const planted = openPlanted();
  const options = { attempts: 3, tags: ['eu'], ret: [14, 15], to: 13, priority: 4 };
  const fields = { priority: 4, stc: 0, g1: '50', lg: 1 };
  const chunk = await plantChunk(planted, {
    in: 'active',
    tasks: ['completed', 'completed', 'open'],
    options,
    fields,
  });
  await planted.redis.rpush(planted.key(`${chunk}.1:logs`), line('hello'), 'raw');
  const startedAt = SINCE + 10;
  expect(await readOne(planted, chunk, 1)).toEqual({
    id: idOf(chunk, 1),
    queue: 'default',
    type: 'repeater',
    state: 'completed',
    result: { n: 1 },
    attempts: 1,
    pushedAt: 1_000,
    startedAt,
    finishedAt: startedAt + 5,
    payload: 'p1',
    priority: 4,
    starts: 1,
    stalls: 0,
    progress: 50,
    tags: ['eu'],
    maxAttempts: 3,
    timeoutMs: 13,
    retention: { completedMs: 14, failedMs: 15 },
    log: [{ at: new Date(5), level: 'info', message: 'hello', attempt: 1, seq: 7 }],
    history: [
      {
        attempt: 1,
        startedAt: new Date(startedAt),
        endedAt: new Date(startedAt + 5),
        worker: 'w1',
        outcome: 'completed',
      },
    ],
  });
});

test('a task that is open is as its chunk is', async () => {
  const planted = openPlanted();
  const tasks = all('open', 2);
  const begun = { processedOn: 1_900, ats: 1, pb: 'w1' };
  const waiting = await plantChunk(planted, { in: 'wait', tasks, fields: begun });
  const delayed = await plantChunk(planted, { in: 'delayed', at: 9_000, tasks });
  const active = await plantChunk(planted, { in: 'active', tasks, fields: { g1: '{"a":1}' } });
  const wait = await readOne(planted, waiting, 1);
  expect(wait).toMatchObject({ state: 'waiting', payload: 'p1', attempts: 0, starts: 1 });
  expect(wait).toMatchObject({ startedAt: undefined, history: [], log: [] });
  expect(await readOne(planted, delayed, 0)).toMatchObject({ state: 'delayed', dueAt: 9_000 });
  expect(await readOne(planted, active, 1)).toMatchObject({
    state: 'active',
    startedAt: 1_900,
    finishedAt: undefined,
    progress: { a: 1 },
    dueAt: undefined,
    history: [{ attempt: 1, startedAt: new Date(1_900), worker: 'w1', outcome: 'active' }],
  });
  expect((await readOne(planted, active, 0))?.progress).toBeUndefined();
});

test('a task that has left its chunk is read as the job that it is now, or not at all', async () => {
  const planted = openPlanted();
  const chunk = await plantChunk(planted, {
    in: 'completed',
    tasks: ['completed', 'left', 'left', 'completed'],
  });
  await planted.finished('failed', 77, { unique: `${chunk}.1`, fields: { data: '"own"' } });
  const own = { id: idOf(chunk, 1), state: 'failed', payload: 'own', finishedAt: 77 };
  const [first, second, third, last, beyond] = await readAll(planted, chunk, 5);
  expect([first?.result, last?.result]).toEqual([{ n: 0 }, { n: 3 }]);
  expect(second).toMatchObject(own);
  expect([third, beyond]).toEqual([undefined, undefined]);
  const waiting = await plantChunk(planted, { in: 'wait', tasks: ['open', 'left', 'left'] });
  await planted.finished('cancelled', 78, { unique: `${waiting}.1` });
  const states = (await readAll(planted, waiting, 3)).map((task) => task?.state);
  expect(states).toEqual(['waiting', 'cancelled', undefined]);
  // The chunk itself is no task, and what was its task stays when it goes.
  const [none] = await readDetails(planted, [`default:${chunk}`], { withLogs: false });
  expect(none).toBeUndefined();
  await planted.redis.del(planted.key(chunk));
  expect((await readAll(planted, chunk, 2)).map((task) => task?.state)).toEqual([
    undefined,
    'failed',
  ]);
});

test('who ran a task is told where it is known: not when the chunk was taken again since', async () => {
  const planted = openPlanted();
  const tasks = all('completed', 3);
  const fields = { ats: 2, processedOn: SINCE + 10, pb: 'w2' };
  const chunk = await plantChunk(planted, { in: 'completed', tasks, fields });
  const read = await readAll(planted, chunk, 3);
  expect(read.map((task) => task?.history[0]?.worker)).toEqual([undefined, 'w2', 'w2']);
});

test('results that lie elsewhere, are nothing or cannot be read are told as such', async () => {
  const planted = openPlanted();
  const lines = ['1,2 null  ', '1,2 null ', '1,2 null', '1,2 {broken', 'garbage', '1,2 "a,"'];
  const chunk = await plantChunk(planted, {
    in: 'completed',
    tasks: all('completed', 6),
    fields: { r: `${lines.join('\n')}\n` },
  });
  const read = await readAll(planted, chunk, 6);
  expect(read.map((task) => [task?.isStored, task?.result, task?.failure?.code])).toEqual([
    [true, undefined, undefined],
    [undefined, undefined, undefined],
    [undefined, null, undefined],
    [undefined, undefined, 'ENVELOPE_UNREADABLE'],
    [undefined, undefined, 'ENVELOPE_UNREADABLE'],
    [undefined, 'a,', undefined],
  ]);
});

test('many of many chunks come in the order of the ids, whatever that is', async () => {
  const planted = openPlanted();
  const tasks = all('completed', 450);
  const chunks = [
    await plantChunk(planted, { in: 'completed', tasks }),
    await plantChunk(planted, { in: 'completed', tasks: all('open', 450), isCounted: false }),
    await plantChunk(planted, { in: 'wait', tasks: all('open', 450) }),
  ];
  const plain = await planted.waiting();
  const ids = Array.from({ length: 450 }, (_, n) =>
    chunks.map((chunk) => idOf(chunk, (n * 7) % 450)),
  ).flat();
  ids.push(`default:${plain}`, ids[0] ?? '');
  const read = await readDetails(planted, ids, { withLogs: false });
  // In a chunk that another program completed there are no tasks.
  const isThere = (id: string) => !id.startsWith(`default:${chunks[1]}`);
  expect(read.map((task) => task?.id)).toEqual(ids.map((id) => (isThere(id) ? id : undefined)));
  const payloads = read.slice(0, 1_350).map((task) => task?.payload);
  expect(payloads).toEqual(
    ids.slice(0, 1_350).map((id) => (isThere(id) ? `p${id.split(':')[2]}` : undefined)),
  );
});

test('a call ends when it has read much', async () => {
  const planted = openPlanted();
  const data = `[\n${Array<string>(8)
    .fill(`"${'y'.repeat(1_500_000)}"`)
    .join(',\n')}\n]`;
  const chunk = await plantChunk(planted, { in: 'wait', tasks: all('open', 8), fields: { data } });
  await readOne(planted, chunk, 0);
  const calls = vi.spyOn(planted.redis as unknown as WithCommand, 'goflowDetailsInChunk');
  const read = await readAll(planted, chunk, 8);
  expect(read.map((task) => String(task?.payload).length)).toEqual(Array(8).fill(1_500_000));
  expect(calls).toHaveBeenCalledTimes(3);
});

interface WithCommand {
  goflowDetailsInChunk(): unknown;
}

test('not more goes over the wire than the tasks that were asked for', async () => {
  const planted = openPlanted();
  const payload = `"${'y'.repeat(1_000)}"`;
  const lines = `1,2 ${payload}\n`.repeat(1_000);
  const data = `[\n${Array<string>(1_000).fill(payload).join(',\n')}\n]`;
  const tasks = all('completed', 1_000);
  const chunk = await plantChunk(planted, { in: 'completed', tasks, fields: { r: lines, data } });
  await readDetails(planted, [idOf(chunk, 0)], { withLogs: false });
  const received = () => (planted.redis.stream as Socket).bytesRead;
  const before = received();
  const read = await readDetails(planted, [idOf(chunk, 500), idOf(chunk, 999)], {
    withLogs: true,
  });
  expect(read.map((task) => String(task?.result).length)).toEqual([1_000, 1_000]);
  expect(received() - before).toBeLessThan(6_000);
});

test('a chunk with garbage in it never throws, and hides no other', async () => {
  const planted = openPlanted();
  const { redis } = planted;
  const tasks = all('completed', 3);
  const plant = (fields: Record<string, string | number>) =>
    plantChunk(planted, { in: 'completed', tasks, fields, isCounted: false });
  const garbage = { ats: 'x', pb: '', timestamp: '?', t0: 'x', processedOn: '[', g0: '{' };
  const chunks: [chunk: string, states: unknown[]][] = [
    [await plant({ ...garbage, data: 'no json' }), all('completed', 3)],
    [await plant({ r: '', data: '["a","b","c"]' }), [undefined, undefined, undefined]],
    [await plant({ r: '1,2 3\n4,5', k: 7 }), ['completed', undefined, undefined]],
    [await plant({ k: 'many' }), [undefined, undefined, undefined]],
    [await plant({ opts: '{"c":2000000000}' }), [undefined, undefined, undefined]],
    [await plant({ opts: '{"c":2}' }), ['completed', 'completed', undefined]],
    [await plant({ opts: '"c":3' }), [undefined, undefined, undefined]],
    [await plant({ opts: '{"c":"3"}', lg: 1 }), [undefined, undefined, undefined]],
  ];
  const active = { in: 'active', tasks: ['completed', 'completed', 'open'] } as const;
  const cut = await plantChunk(planted, { ...active, fields: { r: '1,2 3\n' } });
  const unsaid = await plantChunk(planted, { ...active, fields: { r: '1,2 3\n-\n' } });
  for (const chunk of [cut, unsaid]) chunks.push([chunk, ['completed', undefined, 'active']]);
  const noHash = planted.unique();
  await redis.set(planted.key(noHash), 'x');
  chunks.push([noHash, [undefined, undefined, undefined]]);
  const logged = await plantChunk(planted, { in: 'wait', tasks: ['open'], fields: { lg: 1 } });
  await redis.set(planted.key(`${logged}.0:logs`), 'no list');
  chunks.push([logged, ['waiting', undefined, undefined]]);
  for (const [chunk, states] of chunks) {
    const read: (TaskDetail | undefined)[] = await readAll(planted, chunk, 3);
    expect(
      read.map((task) => task?.state),
      JSON.stringify(await redis.hgetall(planted.key(chunk)).catch(() => 'none')),
    ).toEqual(states);
  }
});
