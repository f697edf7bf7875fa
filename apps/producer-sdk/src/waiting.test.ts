import { type Broker, GoflowError, newTaskId, type ResultStore, type TaskId } from '@goflow/shared';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { completed, open as openClient, START, tasks } from './recording-broker.test-d.js';
import { Answers } from './task-answers.js';
import { Waiting } from './waiting.js';

// The net below, two seconds wide, must not hide what should have been heard or asked for at once.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const turn = async (): Promise<void> => void (await vi.advanceTimersByTimeAsync(5));

/** What is there before a fifth of a second is over. */
async function soon<T>(waiting: Promise<T>): Promise<T> {
  await vi.advanceTimersByTimeAsync(200);
  return waiting;
}

/** A client that waits for tasks of the type `plain`: its inbox is open, and what it pushes from now on carries its address. */
async function open() {
  const { goflow, broker } = openClient();
  const id = await goflow.push('plain', 'learn');
  broker.records.set(id, completed(id));
  await soon(goflow.wait(id));
  broker.looks.length = 0;
  const push = async (): Promise<TaskId<'plain'>> => goflow.push('plain', 'x');
  const reply = (task: TaskId, result?: unknown): void =>
    broker.listener?.reply(completed(task, result));
  return { goflow, broker, push, reply };
}

test('who waits for what carries its address hears of it by reply, and asks for nothing', async () => {
  const { goflow, broker, push, reply } = await open();
  const id = await push();
  expect(broker.pushed.at(-1)).toMatchObject({ id, replyTo: 'here' });
  const waits = [goflow.wait(id), goflow.wait(id)];
  await turn();
  reply(id, 'done');
  expect(await Promise.all(waits)).toEqual(['done', 'done']);
  expect(broker.looks).toEqual([]);
});

test('what came before anybody waited for it is asked for at once', async () => {
  const { goflow, broker, push, reply } = await open();
  const id = await push();
  reply(id);
  broker.records.set(id, completed(id, 'kept'));
  expect(await soon(goflow.wait(id))).toBe('kept');
  expect(broker.looks).toEqual([[id]]);
});

test('so is a result that was too large to be sent', async () => {
  const { goflow, broker, push } = await open();
  const [early, late] = [await push(), await push()];
  broker.listener?.ready(early);
  for (const id of [early, late]) broker.records.set(id, completed(id));
  expect(await soon(goflow.wait(early))).toBe('done');
  const waiting = goflow.wait(late);
  await turn();
  broker.listener?.ready(late);
  expect(await soon(waiting)).toBe('done');
});

test('after a gap in the connection all are asked for, also those that are waited for later', async () => {
  const { goflow, broker, push } = await open();
  const [waited, later] = [await push(), await push()];
  for (const id of [waited, later]) broker.records.set(id, completed(id));
  const waiting = goflow.wait(waited);
  broker.listener?.gap();
  expect(await soon(waiting)).toBe('done');
  expect(await soon(goflow.wait(later))).toBe('done');
});

test.each([
  ['it was there before', (id: TaskId) => id],
  ['another stands for it', () => newTaskId('default')],
])('a push that added no task brings no reply: %s', async (_what, thereNow) => {
  const { goflow, broker } = await open();
  broker.onPush = ({ id }) => ({ id: thereNow(id), deduplicated: true });
  const id = await goflow.push('plain', 'x', { id: 'mine' });
  for (const one of [id, goflow.idOf('plain', 'mine')]) {
    broker.records.set(one, completed(one));
    expect(await soon(goflow.wait(one))).toBe('done');
  }
});

test('nor does one that failed, by itself or among many', async () => {
  const { goflow, broker } = await open();
  const away = new GoflowError('BROKER_UNAVAILABLE', 'away');
  broker.onPush = () => away;
  await expect(goflow.push('plain', 'x')).rejects.toBe(away);
  await expect(goflow.pushMany('plain', ['x'])).rejects.toThrow('away');
  broker.onChunk = () => away;
  await expect(goflow.pushMany('plain', ['x'], { chunk: 2 })).rejects.toThrow('away');
  const ids = [...broker.pushed.slice(-2).map(({ id }) => id), `${broker.chunks[0]?.id}:0`];
  // They may be in all the same.
  for (const id of ids) {
    broker.records.set(id, completed(id));
    expect(await soon(goflow.wait(id))).toBe('done');
  }
});

test('nor does one that was never sent, because another of many was wrong', async () => {
  const { goflow, broker } = await open();
  const id = goflow.idOf('plain', 'mine');
  broker.records.set(id, completed(id));
  const options = (_payload: unknown, index: number) => ({ id: index === 0 ? 'mine' : 'other' });
  await expect(goflow.pushMany('plain', ['a', 5 as never], options)).rejects.toThrow();
  expect(await soon(goflow.wait(id))).toBe('done');
  expect(broker.looks).toEqual([[id]]);
});

test('the tasks of a chunk carry its address, and each is heard of by its own reply', async () => {
  const { goflow, broker, reply } = await open();
  const ids = await goflow.pushMany('plain', ['a', 'b', 'c'], { chunk: 3 });
  expect(broker.chunks).toMatchObject([{ replyTo: 'here' }]);
  const [first = '', ...others] = ids;
  reply(first);
  broker.records.set(first, completed(first, 'asked for'));
  const all = goflow.waitAll(ids);
  await turn();
  expect(broker.looks).toEqual([[first]]);
  for (const id of others) reply(id, 'sent');
  expect((await all).map((result) => result.status === 'completed' && result.value)).toEqual([
    'asked for',
    'sent',
    'sent',
  ]);
  expect(broker.looks).toHaveLength(1);
});

test('nobody is told of what was left, or twice', async () => {
  const { goflow, broker, push, reply } = await open();
  const id = await push();
  const leaving = new AbortController();
  const left = goflow.wait(id, { signal: leaving.signal });
  const stays = goflow.wait(id);
  leaving.abort();
  await expect(left).rejects.toMatchObject({ code: 'WAIT_ABORTED' });
  reply(id, 'first');
  reply(id, 'second');
  expect(await stays).toBe('first');
  expect(broker.looks).toEqual([]);
});

test('nor while its result is being fetched', async () => {
  const { broker } = openClient();
  const fetches: ((results: string[]) => void)[] = [];
  const resultStore: ResultStore = {
    put: async () => undefined,
    get: () => new Promise((resolve) => void fetches.push(resolve)),
  };
  const answers = new Answers({ tasks, resultStore, now: () => START });
  const waiting = new Waiting(broker as unknown as Broker, answers);
  onTestFinished(() => waiting.close());
  const id = newTaskId('default');
  broker.records.set(id, { ...completed(id), isStored: true });
  const told = vi.fn();
  const [left, stays] = [
    waiting.follow(id, () => told('left')),
    waiting.follow(id, (ended) => told(ended)),
  ];
  await turn();
  left.leave();
  for (const fetched of fetches) fetched(['"stored"']);
  await turn();
  expect(stays.id).toBe(id);
  expect(told.mock.calls).toMatchObject([[{ status: 'completed', value: 'stored' }]]);
});

test("a message that is nobody's does no harm", async () => {
  const { goflow, broker, reply } = await open();
  const [id = ''] = await goflow.pushMany('plain', ['a'], { chunk: 2 });
  const waiting = goflow.wait(id);
  for (const wrong of [undefined, 5, {}, 'default:x', `${id}0`, `${id}:0`]) {
    broker.listener?.reply(completed(wrong as string));
    broker.listener?.ready(wrong as string);
  }
  await turn();
  reply(id);
  expect(await soon(waiting)).toBe('done');
});

test('closing ends every wait, and none begins', async () => {
  const { goflow, push } = await open();
  const id = await push();
  const begun = Promise.allSettled([goflow.wait(id), goflow.wait(id), goflow.waitAll([id, id])]);
  await goflow.close();
  const late = Promise.allSettled([goflow.wait(id), goflow.waitAll([id])]);
  for (const end of [...(await begun), ...(await late)])
    expect(end).toMatchObject({ reason: { code: 'CLIENT_CLOSED' } });
});
