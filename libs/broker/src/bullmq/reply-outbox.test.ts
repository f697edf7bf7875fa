import type { TaskRecord } from '@goflow/shared';
import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { decodeReplies, encodeReply } from './reply-inbox.js';
import { postReply } from './reply-outbox.js';

const recordOf = (id: string, result?: unknown): TaskRecord => ({
  id,
  type: 'repeater',
  state: 'completed',
  attempts: 1,
  pushedAt: 1,
  result,
});

/** Stands in for Redis, and notes what is published. */
function open() {
  const published: [string, readonly TaskRecord[]][] = [];
  const redis = {
    publish: async (channel: string, message: string) =>
      published.push([channel, decodeReplies(message)]),
  } as unknown as Redis;
  const post = (channel: string, id: string, result?: unknown) =>
    postReply(redis, channel, encodeReply(recordOf(id, result)));
  return { published, post };
}

const endOfTurn = () => new Promise((resolve) => setImmediate(resolve));

test('the replies of one turn to one client travel in one message', async () => {
  const { published, post } = open();
  post('a', '1');
  post('b', '2');
  await Promise.resolve();
  post('a', '3');
  await endOfTurn();
  expect(published).toEqual([
    ['a', [recordOf('1'), recordOf('3')]],
    ['b', [recordOf('2')]],
  ]);
  post('a', '4');
  await endOfTurn();
  expect(published.at(-1)).toEqual(['a', [recordOf('4')]]);
});

test('many or large ones are not kept back', async () => {
  const { published, post } = open();
  const large = 'x'.repeat(40_000);
  for (const id of ['1', '2', '3']) post('a', id, large);
  expect(published.map(([, records]) => records.map(({ id }) => id))).toEqual([['1', '2']]);
  await endOfTurn();
  expect(published.map(([, records]) => records.map(({ id }) => id))).toEqual([['1', '2'], ['3']]);
});

test('a reply that is too large to be sent says only which task it is of', () => {
  expect(decodeReplies(encodeReply(recordOf('1', 'x'.repeat(70_000))))).toEqual([{ id: '1' }]);
});

test('a result that is JSON already is sent as it is', () => {
  const record: TaskRecord = { id: '1', type: 't', state: 'completed', attempts: 1, pushedAt: 1 };
  for (const result of [{ a: [1, '"'] }, 'text', null, 0])
    expect(decodeReplies(encodeReply(record, JSON.stringify(result)))).toEqual([
      { ...record, result },
    ]);
  expect(decodeReplies(encodeReply(record, undefined))).toEqual([record]);
  expect(decodeReplies(encodeReply(record, JSON.stringify('x'.repeat(65_000))))).toHaveLength(1);
  expect(decodeReplies(encodeReply(record, JSON.stringify('x'.repeat(70_000))))).toEqual([
    { id: '1' },
  ]);
});

test('what is no reply is passed over', () => {
  for (const message of ['', 'no JSON', 'null', '7', '"text"', '[null,1]'])
    expect(decodeReplies(message)).toEqual([]);
});
