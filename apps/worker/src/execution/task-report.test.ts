import { createFakeClock } from '@goflow/broker/memory';
import type { TakenTask, TaskNews } from '@goflow/shared';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { contractOfA, openLogger, takenTask } from './rig.test-d.js';
import { TaskReport } from './task-report.js';

const START = 1_800_000_000_000;
const TRACE_ID = 'a'.repeat(32);

function open(definition: object = {}, given: Partial<TakenTask> = {}) {
  const task = takenTask(given);
  const logger = openLogger();
  const clock = createFakeClock(START);
  const report = new TaskReport(task, contractOfA(definition), { clock, logger });
  return { report, task, logger, clock, lines: logger.lines };
}

const progressOf = (news: readonly TaskNews[]) =>
  news.map(({ progressJson }) => progressJson).filter((json) => json !== undefined);
const messagesOf = (news: readonly TaskNews[]) =>
  news.flatMap(({ log = [] }) => log.map(({ message }) => message));

test('progress is told at once; after that the last one counts, every 200 ms', async () => {
  const { report, task, clock } = open();
  await report.progress(1);
  expect(progressOf(task.news)).toEqual(['1']);
  await report.progress(2);
  await report.progress({ done: 3 });
  await clock.advance(199);
  expect(progressOf(task.news)).toEqual(['1']);
  await clock.advance(1);
  expect(progressOf(task.news)).toEqual(['1', '{"done":3}']);
  await clock.advance(10_000);
  expect(task.news).toHaveLength(2);
  expect(clock.timers).toBe(0);
  await report.progress(4);
  expect(progressOf(task.news)).toEqual(['1', '{"done":3}', '4']);
});

test('a thousand reports of a loop are two messages, and the last of them is what is kept', async () => {
  const { report, task, clock } = open();
  for (let at = 0; at < 1_000; at += 1) {
    void report.progress(at);
    report.log.info(`line ${at}`);
  }
  await clock.advance(200);
  expect(task.news.length).toBeLessThanOrEqual(2);
  expect(progressOf(task.news).at(-1)).toBe('999');
  // Only the last hundred lines are kept with a task.
  expect(messagesOf(task.news.slice(1))).toHaveLength(100);
  expect(messagesOf(task.news).at(-1)).toBe('line 999');
  expect(messagesOf(task.news)[0]).toBe('line 900');
});

test('the end tells what was still to be told, and nothing is told after it', async () => {
  const { report, task, clock, lines } = open();
  await report.progress(1);
  await report.progress(2);
  report.log.warn('nearly');
  report.end();
  expect(progressOf(task.news)).toEqual(['1', '2']);
  expect(messagesOf(task.news)).toEqual(['nearly']);
  expect(clock.timers).toBe(0);
  await report.progress(3);
  report.log.warn('late');
  report.end();
  await clock.advance(10_000);
  expect(task.news).toHaveLength(2);
  // The worker's own log has it all the same.
  expect(lines.at(-1)).toMatchObject({ level: 'warn', message: 'late' });
});

test('the progress schema of the contract is kept: its output is told, what it refuses is refused', async () => {
  const progress = z.object({ done: z.number() }).transform(({ done }) => `${done} %`);
  const { report, task } = open({ progress });
  await report.progress({ done: 50 });
  expect(progressOf(task.news)).toEqual(['"50 %"']);
  await expect(report.progress({ done: 'half' })).rejects.toMatchObject({
    code: 'PROGRESS_INVALID',
    message: expect.stringContaining('progress of a: done: '),
  });
  expect(task.news).toHaveLength(1);
});

test('a progress schema may take its time', async () => {
  const { report, task } = open({ progress: z.any().refine(async (value) => value !== 5) });
  await report.progress(4);
  await expect(report.progress(5)).rejects.toMatchObject({ code: 'PROGRESS_INVALID' });
  expect(progressOf(task.news)).toEqual(['4']);
});

test.each([
  ['nothing', undefined],
  ['what JSON would change', new Date(0)],
  ['what JSON cannot write', { big: 1n }],
  ['no number', Number.NaN],
  ['a function', () => 5],
  ['more than 65,536 bytes', 'é'.repeat(32_768)],
])('%s is no progress', async (_what, value) => {
  const { report, task } = open();
  await expect(report.progress(value)).rejects.toMatchObject({ code: 'PROGRESS_INVALID' });
  expect(task.news).toEqual([]);
});

test.each([
  ['null', null],
  ['0', 0],
  ['false', false],
  ['""', ''],
])('%s is a progress', async (json, value) => {
  const { report, task } = open();
  await report.progress(value);
  expect(progressOf(task.news)).toEqual([json]);
});

test('every line goes to the worker’s log with the task, type, attempt and trace; all but debug to the task', () => {
  const { report, task, lines } = open(
    {},
    { attempt: 2, starts: 3, traceparent: `00-${TRACE_ID}-${'b'.repeat(16)}-01` },
  );
  report.log.debug('found');
  report.log.info({ width: 640 }, 'resized');
  report.log.warn('slow');
  report.log.error({ code: 'E' });
  report.end();
  const facts = { taskId: 'default:1', taskType: 'a', attempt: 2, trace_id: TRACE_ID };
  expect(lines).toEqual([
    { level: 'debug', fields: facts, message: 'found' },
    { level: 'info', fields: { ...facts, width: 640 }, message: 'resized' },
    { level: 'warn', fields: facts, message: 'slow' },
    { level: 'error', fields: { ...facts, code: 'E' }, message: undefined },
  ]);
  const at = { at: new Date(START), attempt: 2, seq: expect.any(Number) };
  expect(task.news.flatMap(({ log = [] }) => log)).toEqual([
    { ...at, level: 'info', message: 'resized', fields: { width: 640 } },
    { ...at, level: 'warn', message: 'slow' },
    { ...at, level: 'error', message: '', fields: { code: 'E' } },
  ]);
});

test('lines have rising numbers, those of a later start higher ones', () => {
  const numbers = [1, 2].flatMap((starts) => {
    const { report, task } = open({}, { starts });
    for (let at = 0; at < 150; at += 1) report.log.info('x');
    report.end();
    return task.news.flatMap(({ log = [] }) => log.map(({ seq }) => seq));
  });
  expect(new Set(numbers).size).toBe(numbers.length);
  expect([...numbers].sort((a, b) => a - b)).toEqual(numbers);
});

test('a child’s fields stand on each of its lines, in both logs, and its own child adds to them', () => {
  const { report, task, lines } = open();
  report.log.child({ part: 'a', step: 1 }).child({ step: 2 }).info({ width: 5 }, 'there');
  report.end();
  const fields = { part: 'a', step: 2, width: 5 };
  expect(lines).toMatchObject([{ level: 'info', fields, message: 'there' }]);
  expect(task.news).toMatchObject([{ log: [{ message: 'there', fields }] }]);
});

test('long messages are cut, and fields that are large or no JSON are left out; the worker’s log has them whole', () => {
  const { report, task, lines } = open();
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const fields = [{ text: 'x'.repeat(2_048) }, circle, { big: 1n }, { toJSON: () => undefined }];
  report.log.info('x'.repeat(1_001));
  report.log.info('x'.repeat(1_000));
  for (const one of fields) report.log.info(one, 'with fields');
  report.end();
  const log = task.news.flatMap(({ log: told = [] }) => told);
  expect(log[0]?.message).toBe(`${'x'.repeat(999)}…`);
  expect(log[1]?.message).toBe('x'.repeat(1_000));
  expect(log.slice(2)).toHaveLength(fields.length);
  for (const line of log) expect(line).not.toHaveProperty('fields');
  expect(lines[0]?.message).toHaveLength(1_001);
  expect(lines[2]?.fields).toMatchObject(fields[0] ?? {});
});

test('what was kept is as it was when it was logged', () => {
  const { report, task } = open();
  const fields = { list: [1] };
  report.log.info('first');
  report.log.info(fields, 'second');
  fields.list.push(2);
  report.end();
  expect(task.news[1]?.log).toMatchObject([{ fields: { list: [1] } }]);
});

test('a report that does not arrive harms nobody, and the next one is told', async () => {
  const command = { name: 'eval', args: ['what was told'] };
  const error = Object.assign(new Error('the lease was lost'), { command });
  const refused = () => Promise.reject(error);
  const { report, clock, lines } = open({}, { report: refused });
  await report.progress(1);
  await report.progress(2);
  await clock.advance(1_000);
  expect(lines).toMatchObject([
    { level: 'debug', message: 'a report was lost' },
    { level: 'debug', message: 'a report was lost' },
  ]);
  // A Redis error has with it what was sent.
  expect(JSON.stringify(lines)).not.toContain('what was told');
});

test('what the contract redacts of the payload is in no line, of no log', () => {
  const { report, task, lines } = open({ redact: ['card.number'] });
  const payload = { card: { number: 'canary-17', name: 'x' } };
  report.log.debug({ payload }, 'debug');
  report.log.info(payload, 'info');
  report.log.warn({ order: payload });
  report.log.child({ card: payload.card }).error('child');
  const shown = { number: '[redacted]', name: 'x' };
  const kept = task.news.flatMap(({ log = [] }) => log);
  report.end();
  expect(JSON.stringify([lines, task.news])).not.toContain('canary-17');
  expect(kept[0]?.fields).toEqual({ card: shown });
  expect(lines.map(({ level }) => level)).toEqual(['debug', 'info', 'warn', 'error']);
  expect(lines[3]).toMatchObject({ fields: expect.objectContaining({ card: shown }) });
});
