import { expect, test, vi } from 'vitest';
import { SILENT_LOGGER } from '../ports/logger.js';
import { Emitter } from './emitter.js';

interface Events {
  readonly 'one:said': [event: { readonly word: string }];
  readonly 'two:said': [first: number, second: number];
  readonly 'nothing:said': [];
}

function open() {
  const error = vi.fn();
  return { events: new Emitter<Events>({ ...SILENT_LOGGER, error }), error };
}

test('tells every listener of its event, in the order of their coming, with all that was emitted', () => {
  const { events } = open();
  const heard: unknown[] = [];
  events
    .on('one:said', (event) => heard.push(['first', event]))
    .on('two:said', (...numbers) => heard.push(['numbers', ...numbers]))
    .on('one:said', (event) => heard.push(['second', event]))
    .on('nothing:said', (...nothing) => heard.push(['nothing', ...nothing]));
  const event = { word: 'hello' };
  events.emit('one:said', event);
  events.emit('two:said', 1, 2);
  events.emit('nothing:said');
  expect(heard).toEqual([['first', event], ['second', event], ['numbers', 1, 2], ['nothing']]);
  expect((heard[0] as unknown[])[1]).toBe(event);
});

test('an event that nobody listens to goes nowhere', () => {
  const { events, error } = open();
  events.emit('one:said', { word: 'hello' });
  expect(error).not.toHaveBeenCalled();
});

test('who was taken off hears no more; who never was there does no harm', () => {
  const { events } = open();
  const [stays, leaves] = [vi.fn(), vi.fn()];
  events.on('two:said', leaves).on('two:said', stays).on('two:said', leaves);
  events.off('two:said', leaves).off('two:said', () => undefined);
  events.off('one:said', leaves);
  events.emit('two:said', 1, 2);
  expect(stays).toHaveBeenCalledTimes(1);
  expect(leaves).not.toHaveBeenCalled();
});

test('who comes or goes while an event is told changes nothing of that event', () => {
  const { events } = open();
  const late = vi.fn();
  const last = vi.fn();
  events
    .on('nothing:said', () => {
      events.on('nothing:said', late);
      events.off('nothing:said', last);
    })
    .on('nothing:said', last);
  events.emit('nothing:said');
  expect([late.mock.calls.length, last.mock.calls.length]).toEqual([0, 1]);
  events.off('nothing:said', last);
  events.emit('nothing:said');
  expect([late.mock.calls.length, last.mock.calls.length]).toEqual([1, 1]);
});

test('a listener that throws is logged, and harms neither the others nor who emits', () => {
  const { events, error } = open();
  const after = vi.fn();
  const thrown = new Error('a listener of mine');
  events
    .on('nothing:said', () => {
      throw thrown;
    })
    .on('nothing:said', after);
  events.emit('nothing:said');
  expect(after).toHaveBeenCalledTimes(1);
  expect(error.mock.calls).toEqual([[{ err: thrown, event: 'nothing:said' }, 'a listener threw']]);
});

test('a listener that throws later is logged, too; were it not, vitest would fail this run', async () => {
  const { events, error } = open();
  const thrown = new Error('later');
  const asynchronous: readonly (() => unknown)[] = [
    () => Promise.reject(thrown),
    () => new Promise(() => undefined),
  ];
  for (const listener of asynchronous) events.on('nothing:said', listener);
  events.emit('nothing:said');
  await vi.waitFor(() => expect(error).toHaveBeenCalledTimes(1));
  expect(error.mock.calls).toEqual([[{ err: thrown, event: 'nothing:said' }, 'a listener threw']]);
});

test('names of Object.prototype are nothing special', () => {
  const events = new Emitter<{ readonly constructor: []; readonly toString: [] }>(SILENT_LOGGER);
  const heard = vi.fn();
  events.on('constructor', heard);
  events.emit('toString');
  expect(heard).not.toHaveBeenCalled();
  events.emit('constructor');
  expect(heard).toHaveBeenCalledTimes(1);
});
