import { defineTasks } from '@goflow/shared';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineHandler, defineHandlers, HandlerRegistry, isRegistry } from './handler-registry.js';

const tasks = defineTasks({
  repeater: { payload: z.string(), result: z.string() },
  'image.resize': { payload: z.string(), result: z.string(), queue: 'images' },
});
const echo = (payload: string) => payload;

test('a registry has what was added, in that order', () => {
  const registry = new HandlerRegistry(tasks).add('image.resize', echo).add('repeater', echo);
  expect(registry.types).toEqual(['image.resize', 'repeater']);
  expect(registry.contracts.map(({ queue }) => queue)).toEqual(['images', 'default']);
  expect(registry.get('repeater')).toBe(echo);
});

test.each(['nope', 'toString', '__proto__', ''])(
  'there is no handler of %j, and none can be added',
  (type) => {
    const registry = new HandlerRegistry(tasks).add('repeater', echo);
    expect(registry.get(type)).toBeUndefined();
    expect(() => registry.add(type as 'repeater', echo)).toThrow(
      expect.objectContaining({ code: 'TASK_TYPE_UNKNOWN' }),
    );
  },
);

test('a second handler of one type is refused, and the first stays', () => {
  const registry = new HandlerRegistry(tasks).add('repeater', echo);
  expect(() => registry.add('repeater', () => 'second')).toThrow(
    expect.objectContaining({
      code: 'HANDLER_DUPLICATE',
      message: 'there is a handler of repeater already',
    }),
  );
  expect(registry.get('repeater')).toBe(echo);
});

test.each([undefined, null, 'text', 1, {}, [], Promise.resolve()])('%s is no handler', (value) => {
  const registry = new HandlerRegistry(tasks);
  expect(() => registry.add('repeater', value as never)).toThrow(
    expect.objectContaining({ code: 'HANDLER_INVALID' }),
  );
  expect(registry.types).toEqual([]);
});

test('who listens hears of every handler added from then on, until they stop', () => {
  const registry = new HandlerRegistry(tasks).add('repeater', echo);
  const heard: string[] = [];
  const forget = registry.onAdd(({ type, queue }) => heard.push(`${type} of ${queue}`));
  registry.add('image.resize', echo);
  expect(heard).toEqual(['image.resize of images']);
  expect(() => registry.add('image.resize', echo)).toThrow();
  expect(heard).toHaveLength(1);
  forget();
  const other = new HandlerRegistry(tasks);
  other.onAdd(({ type }) => heard.push(type))();
  other.add('repeater', echo);
  expect(heard).toHaveLength(1);
});

test('defineHandlers wants a handler of every type, and of no other', () => {
  const registry = defineHandlers(tasks, { repeater: echo, 'image.resize': echo });
  expect(registry.types).toEqual(['repeater', 'image.resize']);
  expect(() => defineHandlers(tasks, { repeater: echo } as never)).toThrow(
    expect.objectContaining({
      code: 'HANDLER_INVALID',
      message: expect.stringContaining('image.resize'),
    }),
  );
  const tooMany = { repeater: echo, 'image.resize': echo, nope: echo };
  expect(() => defineHandlers(tasks, tooMany)).toThrow(
    expect.objectContaining({ code: 'TASK_TYPE_UNKNOWN' }),
  );
});

test('defineHandler keeps the type beside the handler', () => {
  const definition = defineHandler(tasks, 'repeater', echo);
  expect(definition).toEqual({ type: 'repeater', handler: echo });
  expect(Object.isFrozen(definition)).toBe(true);
  expect(() => defineHandler(tasks, 'nope' as 'repeater', echo)).toThrow(
    expect.objectContaining({ code: 'TASK_TYPE_UNKNOWN' }),
  );
});

test('a registry is known by what it can do, since it may be of another copy of this package', () => {
  const foreign = { onAdd: () => () => undefined, contracts: [], types: [], get: () => undefined };
  for (const registry of [new HandlerRegistry(tasks), foreign])
    expect(isRegistry(registry)).toBe(true);
  for (const other of [undefined, null, 'onAdd', {}, { repeater: echo }, () => 1])
    expect(isRegistry(other)).toBe(false);
});
