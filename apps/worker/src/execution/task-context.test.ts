import { createFakeClock } from '@goflow/broker/memory';
import { expect, test, vi } from 'vitest';
import { contractOfA, openLogger, takenTask } from './rig.test-d.js';
import { RunningContext } from './task-context.js';

const START = 1_800_000_000_000;
const TRACE_ID = 'a'.repeat(32);
const TRACE = `00-${TRACE_ID}-${'b'.repeat(16)}-01`;

function open(given: Parameters<typeof takenTask>[0] = {}) {
  const task = takenTask(given);
  const logger = openLogger();
  const clock = createFakeClock(START);
  const ctx = new RunningContext(task, contractOfA({ maxAttempts: 7 }), { clock, logger });
  return { ctx, task, logger, clock };
}

test('the context tells of the task', () => {
  const { ctx, task } = open({
    attempt: 2,
    starts: 5,
    pushedAt: START - 1_000,
    deadline: START + 1_000,
    tags: ['eu'],
    traceparent: TRACE,
  });
  expect(ctx).toMatchObject({
    id: 'default:1',
    type: 'a',
    attempt: 2,
    starts: 5,
    maxAttempts: 7,
    tags: ['eu'],
    traceparent: TRACE,
    pushedAt: new Date(START - 1_000),
    deadline: new Date(START + 1_000),
  });
  expect(ctx.signal).toBe(task.signal);
});

test('what the push did not say is not there; its maxAttempts goes before that of the contract', () => {
  const { ctx } = open({ maxAttempts: 2 });
  expect([ctx.deadline, ctx.traceparent, ctx.tags]).toEqual([undefined, undefined, []]);
  expect(ctx.maxAttempts).toBe(2);
});

test('its log carries the id, the type, the attempt and the trace, and is made once', () => {
  const { ctx, logger } = open({ attempt: 2, traceparent: TRACE });
  expect(ctx.log).toBe(ctx.log);
  ctx.log.info({ width: 640 }, 'resized');
  const facts = { taskId: 'default:1', taskType: 'a', attempt: 2, trace_id: TRACE_ID };
  expect(logger.lines).toEqual([
    { level: 'info', fields: { ...facts, width: 640 }, message: 'resized' },
  ]);
});

test('a handler that neither logs nor reports costs nothing: no logger, no timer', () => {
  const { ctx, logger, clock, task } = open();
  const child = vi.spyOn(logger, 'child');
  ctx.end();
  expect(child).not.toHaveBeenCalled();
  expect(clock.timers).toBe(0);
  expect(task.news).toEqual([]);
});

test('progress and log are told with the task, and not any more when the attempt is over', async () => {
  const { ctx, task, clock } = open();
  await ctx.progress(50);
  ctx.log.info('half');
  ctx.end();
  const half = { at: new Date(START), level: 'info', message: 'half', attempt: 1 };
  expect(task.news).toMatchObject([{ progressJson: '50', log: [] }, { log: [half] }]);
  await ctx.progress(100);
  ctx.log.info('late');
  await clock.advance(10_000);
  expect(task.news).toHaveLength(2);
  expect(clock.timers).toBe(0);
});
