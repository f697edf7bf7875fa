import { Emitter, SILENT_LOGGER, type WorkerEvents } from '@goflow/shared';
import { afterEach, expect, test, vi } from 'vitest';
import { LastTrouble } from './readiness.js';

afterEach(() => {
  vi.useRealTimers();
});

function open() {
  vi.useFakeTimers({ toFake: ['performance'] });
  const events = new Emitter<WorkerEvents>(SILENT_LOGGER);
  const last = new LastTrouble(events);
  const meet = (message: string): void =>
    events.emit('broker:trouble', { error: new Error(message), repeated: 0 });
  return { last, meet };
}

const READY = { ready: true };
const NOT = { ready: false, reason: 'not consuming: default' };

test('the last trouble stands beside the reason, while a worker is not ready', () => {
  const { last, meet } = open();
  expect(last.beside(NOT)).toEqual(NOT);
  meet('connect ECONNREFUSED 127.0.0.1:1');
  meet('WRONGPASS invalid');
  expect(last.beside(NOT)).toEqual({ ...NOT, trouble: 'WRONGPASS invalid' });
  expect(last.beside(READY)).toEqual(READY);
});

test('one that goes on is told every ten seconds; one that is older than the last time all was well is over', () => {
  const { last, meet } = open();
  meet('NOPERM');
  vi.advanceTimersByTime(9_000);
  last.beside(READY);
  expect(last.beside(NOT)).toMatchObject({ trouble: 'NOPERM' });
  vi.advanceTimersByTime(2_000);
  last.beside(READY);
  expect(last.beside(NOT)).toEqual(NOT);
});

test('no login is shown, and no long text', () => {
  const { last, meet } = open();
  meet(`at redis://me:can@ary@host:1/0 ${'x'.repeat(9_000)}`);
  const { trouble = '' } = last.beside(NOT);
  expect(trouble).toMatch(/^at redis:\/\/…@host:1\/0 x+$/);
  expect(trouble).toHaveLength(500);
});
