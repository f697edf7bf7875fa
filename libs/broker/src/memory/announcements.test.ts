import type { TakenTask, TaskId, TaskNews, TaskRecord } from '@goflow/shared';
import { expect, test } from 'vitest';
import { DONE, FAILED, FAILURE, never, openRig, type Rig } from './rig.test-d.js';

const open = async ({ client }: Pick<Rig, 'client'>) => {
  const replies: TaskRecord[] = [];
  const inbox = await client.openInbox({
    reply: (record) => replies.push(record),
    ready: () => expect.unreachable(),
    gap: () => expect.unreachable(),
  });
  return { replies, inbox };
};
const line = (message: string, at = 5) =>
  ({ at: new Date(at), level: 'info', message, attempt: 1, seq: at }) as const;

test('an outcome is told to who asked for it, once it can be read', async () => {
  const rig = openRig();
  const { replies, inbox } = await open(rig);
  const other = await open(rig);
  const id = await rig.push({ replyTo: inbox.address });
  await rig.push();
  await rig.consume(({ attempt }) =>
    attempt === 1
      ? { kind: 'retry', failure: FAILURE, delayMs: 10 }
      : { kind: 'completed', resultJson: '{"a":1}' },
  );
  await rig.clock.advance(5);
  expect(replies).toEqual([]);
  await rig.clock.advance(5);
  expect(replies).toEqual(await rig.client.read([id]));
  expect(replies).toMatchObject([{ id, state: 'completed', attempts: 2, result: { a: 1 } }]);
  expect(other.replies).toEqual([]);
});

test('it is told after the worker was told, and not within its call', async () => {
  const rig = openRig();
  const { replies, inbox } = await open(rig);
  const order: string[] = [];
  await rig.push({ replyTo: inbox.address });
  await rig.consume(() => DONE, {
    listener: {
      settled: () => order.push(`settled, ${replies.length} replies`),
      leaseLost: () => undefined,
    },
  });
  await rig.clock.advance(0);
  expect(order).toEqual(['settled, 0 replies']);
  expect(replies).toHaveLength(1);
});

test('a task that is cancelled before it runs has an outcome, too', async () => {
  const rig = openRig();
  const { replies, inbox } = await open(rig);
  const id = await rig.push({ replyTo: inbox.address });
  const cancelling = rig.client.cancel(id, 'no');
  expect(replies).toEqual([]);
  await cancelling;
  expect(replies).toMatchObject([{ id, state: 'cancelled', failure: { code: 'TASK_CANCELLED' } }]);
});

test('a closed inbox hears nothing, nor do those of a closed client', async () => {
  const rig = openRig();
  const closed = await open(rig);
  const client = rig.openClient();
  const ofClosed = await open({ client });
  const addresses = [closed.inbox.address, ofClosed.inbox.address, 'nobody'];
  for (const replyTo of addresses) await rig.push({ replyTo });
  await closed.inbox.close();
  await client.close();
  await rig.consume(() => FAILED);
  await rig.clock.advance(0);
  expect(rig.settled).toHaveLength(3);
  expect([...closed.replies, ...ofClosed.replies]).toEqual([]);
});

test('progress and log lines are told to who watches, and kept', async () => {
  const { client, clock, push, consume } = openRig();
  const id = await push();
  const tasks: TakenTask[] = [];
  await consume((task) => {
    tasks.push(task);
    return never();
  });
  await clock.advance(0);
  const heard: [string, TaskNews][] = [];
  const watch = (name: string, of: TaskId = id) =>
    client.watch(of, { news: (news) => heard.push([name, news]), gap: () => expect.unreachable() });
  const first = await watch('first');
  await watch('second');
  await watch('other', await push());
  const fields = { a: [1] };
  const log = [line('one'), { ...line('two', 6), fields }];
  await tasks[0]?.report({ progressJson: '{"done":50}', log });
  fields.a.push(2);
  const told = {
    progressJson: '{"done":50}',
    log: [line('one'), { ...line('two', 6), fields: { a: [1] } }],
  };
  await clock.advance(0);
  expect(heard).toEqual([
    ['first', told],
    ['second', told],
  ]);
  await first.close();
  await tasks[0]?.report({ log: [line('three')] });
  await clock.advance(0);
  expect(heard.slice(2)).toEqual([['second', { log: [line('three')] }]]);
  const detail = await client.detail(id);
  expect(detail).toMatchObject({ state: 'active', progress: { done: 50 } });
  expect(detail?.log).toEqual([...told.log, line('three')]);
});

test('the last 100 lines are kept', async () => {
  const { client, clock, push, consume } = openRig();
  const id = await push();
  const lines = Array.from({ length: 250 }, (_, at) => line(`${at}`));
  await consume(async (task) => {
    await task.report({ log: lines.slice(0, 30) });
    await task.report({ log: lines.slice(30, 240) });
    await task.report({ log: lines.slice(240) });
    return DONE;
  });
  await clock.advance(0);
  expect((await client.detail(id))?.log).toEqual(lines.slice(150));
});
