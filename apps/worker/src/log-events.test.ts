import {
  Emitter,
  type HandBackReason,
  SILENT_LOGGER,
  type TakenTask,
  type WorkerEvents,
} from '@goflow/shared';
import { afterEach, expect, test, vi } from 'vitest';
import { openLogger, takenTask } from './execution/rig.test-d.js';
import { logEvents } from './log-events.js';

afterEach(() => {
  vi.useRealTimers();
});

function open() {
  const events = new Emitter<WorkerEvents>(SILENT_LOGGER);
  const logger = openLogger();
  logEvents(events, logger);
  const handBack = (reason: HandBackReason): void =>
    events.emit('task:finished', {
      task: takenTask(),
      verdict: { kind: 'handed-back', reason, delayMs: 0 },
      runMs: 1,
    });
  const takeOver = (given: Partial<TakenTask>): void =>
    events.emit('task:taken-over', { task: takenTask(given) });
  return { lines: logger.lines, handBack, takeOver };
}

test.each(['key-missing', 'envelope-newer'] as const)(
  'what waits for somebody to do something is told once a minute: %s',
  (reason) => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { lines, handBack } = open();
    for (let times = 0; times < 100; times += 1) handBack(reason);
    expect(lines).toMatchObject([{ level: 'warn', fields: { reason, taskId: 'default:1' } }]);
    vi.advanceTimersByTime(59_000);
    handBack(reason);
    expect(lines).toHaveLength(1);
    vi.advanceTimersByTime(1_000);
    handBack(reason);
    handBack(reason);
    expect(lines).toHaveLength(2);
  },
);

test('each reason is told for itself, and the others each time', () => {
  const { lines, handBack } = open();
  for (const reason of ['key-missing', 'stopping', 'envelope-newer', 'stopping'] as const)
    handBack(reason);
  expect(lines.map(({ level }) => level)).toEqual(['warn', 'info', 'warn', 'info']);
});

test('tasks that are taken over are told by name, ten a minute, and the others are counted', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const { lines, takeOver } = open();
  for (let times = 0; times < 25; times += 1) takeOver({ stalls: 1, starts: 3 });
  const fields = { taskId: 'default:1', taskType: 'a', starts: 3, stalls: 1, repeated: 0 };
  expect(lines).toHaveLength(10);
  expect(lines.at(-1)).toMatchObject({ level: 'warn', fields });
  vi.advanceTimersByTime(60_000);
  takeOver({ stalls: 1, starts: 3 });
  takeOver({ stalls: 1, starts: 3 });
  expect(lines.slice(10)).toMatchObject([{ fields: { repeated: 15 } }, { fields }]);
});
