import type { TaskLogEntry, TaskNews } from '@goflow/shared';
import { until } from '@goflow/testing';
import { expect, onTestFinished, test } from 'vitest';
import { openPlanted } from './inspector/planted-jobs.test-d.js';
import { readDetails } from './inspector/read-detail.js';
import { watchChannel } from './keys.js';
import { decodeNews, MAX_LOG_LINES, tellNews } from './task-news.js';

const lineOf = (seq: number, given: Partial<TaskLogEntry> = {}): TaskLogEntry => ({
  at: new Date(1_800_000_000_000 + seq),
  level: 'info',
  message: `line ${seq}`,
  attempt: 1,
  seq,
  ...given,
});

/** A task that runs, with the lease `token`, and what those who watch it hear. */
async function open() {
  const planted = openPlanted();
  const { redis, prefix } = planted;
  const unique = await planted.active();
  const heard: (TaskNews | undefined)[] = [];
  const subscriber = redis.duplicate();
  onTestFinished(() => subscriber.disconnect());
  subscriber.on('message', (_channel, message) => heard.push(decodeNews(message)));
  await subscriber.subscribe(watchChannel(prefix, 'default', unique));
  const source = { prefix, queue: 'default', unique, token: 'token' };
  const tell = (news: TaskNews, given: Partial<typeof source> = {}) =>
    tellNews(redis, { ...source, ...given }, news);
  const read = async () => {
    const connection = { redis, prefix };
    const [detail] = await readDetails(connection, [`default:${unique}`], { withLogs: true });
    return detail;
  };
  return { planted, unique, tell, read, heard };
}

test('progress and lines are kept with the task, and told to those who watch', async () => {
  const { tell, read, heard } = await open();
  const line = lineOf(1, { level: 'warn', message: 'ünï "x"\n', fields: { a: [1, null] } });
  await tell({ progressJson: '{"done":50}', log: [line] });
  expect(await read()).toMatchObject({ progress: { done: 50 }, log: [line] });
  await until(() => heard.length === 1, { what: 'the news to be heard' });
  expect(heard).toEqual([{ progressJson: '{"done":50}', log: [line] }]);
});

test('progress without lines, and lines without progress, change nothing else', async () => {
  const { tell, read, heard } = await open();
  await tell({ progressJson: '1' });
  await tell({ log: [lineOf(1), lineOf(2)] });
  expect(await read()).toMatchObject({ progress: 1 });
  await tell({ progressJson: '2', log: [] });
  expect(await read()).toMatchObject({ progress: 2, log: [lineOf(1), lineOf(2)] });
  await until(() => heard.length === 3, { what: 'the news to be heard' });
  expect(heard).toEqual([
    { progressJson: '1', log: [] },
    { log: [lineOf(1), lineOf(2)] },
    { progressJson: '2', log: [] },
  ]);
});

test('of the lines the last 100 are kept, whether they come at once or one by one', async () => {
  const { planted, unique, tell, read, heard } = await open();
  const lines = Array.from({ length: 130 }, (_, at) => lineOf(at));
  const last = lines.slice(-MAX_LOG_LINES);
  await tell({ log: lines });
  expect((await read())?.log).toEqual(last);
  await until(() => heard.length === 1, { what: 'the news to be heard' });
  expect(heard).toEqual([{ log: last }]);
  await tell({ log: [lineOf(130)] });
  const log = (await read())?.log ?? [];
  expect(log).toHaveLength(MAX_LOG_LINES);
  expect([log[0]?.seq, log.at(-1)?.seq]).toEqual([31, 130]);
  expect(await planted.redis.llen(planted.key(`${unique}:logs`))).toBe(MAX_LOG_LINES);
});

test('whoever lost the lease writes nothing and tells nobody', async () => {
  const { planted, unique, tell, read, heard } = await open();
  await tell({ progressJson: '1', log: [lineOf(1)] }, { token: 'of another worker' });
  await planted.redis.del(planted.key(`${unique}:lock`));
  await tell({ progressJson: '2', log: [lineOf(2)] });
  expect(await read()).toMatchObject({ log: [] });
  expect((await read())?.progress).toBeUndefined();
  await planted.redis.set(planted.key(`${unique}:lock`), 'token');
  await tell({ progressJson: '3' });
  // What comes first is what was told first.
  await until(() => heard.length > 0, { what: 'the news to be heard' });
  expect(heard).toEqual([{ progressJson: '3', log: [] }]);
});

test('a task that is gone does not come to life by its news', async () => {
  const { planted, unique, tell } = await open();
  await planted.redis.del(planted.key(unique), planted.key(`${unique}:lock`));
  await tell({ progressJson: '1', log: [lineOf(1)] });
  expect(await planted.redis.exists(planted.key(unique), planted.key(`${unique}:logs`))).toBe(0);
});

test('what Redis refuses rejects', async () => {
  const { planted, unique, tell } = await open();
  await planted.redis.set(planted.key(`${unique}:logs`), 'no list');
  await expect(tell({ log: [lineOf(1)] })).rejects.toThrow('WRONGTYPE');
});

test.each([
  '',
  'x',
  '{',
  'null',
  '5',
  '"ab"',
  '[]',
  '["1"]',
  '[null]',
  '[null,"x"]',
  '[null,{}]',
  '{}',
])('a message of somebody else’s is no news: %j', (message) => {
  expect(decodeNews(message)).toBeUndefined();
});

test('a line of somebody else’s is left out of the news', () => {
  const good = JSON.stringify([null, ['plain text', '5', JSON.stringify([1, 'info', 'm', 1, 1])]]);
  expect(decodeNews(good)).toEqual({
    log: [{ at: new Date(1), level: 'info', message: 'm', attempt: 1, seq: 1 }],
  });
});
