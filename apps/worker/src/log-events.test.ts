import { Emitter, type HandBackReason, SILENT_LOGGER, type WorkerEvents } from '@goflow/shared';
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
  return { lines: logger.lines, handBack };
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
