import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_CHUNK, newTaskId, parseTaskId, taskIdOf, taskIdOfKey } from './task-id.js';

// A failing case prints its seed: put it in here to run it again.
const RUNS = { seed: 5, numRuns: 500 };

const queue = fc.stringMatching(/^[a-z0-9][a-z0-9_.-]{0,63}$/);

test('every id that is made can be taken apart, and put together again', () => {
  fc.assert(
    fc.property(queue, fc.nat(MAX_CHUNK - 1), (name, index) => {
      const id = newTaskId(name);
      const { unique = '' } = parseTaskId(id) ?? {};
      expect(parseTaskId(id)).toEqual({ queue: name, unique });
      expect(taskIdOf(name, unique)).toBe(id);
      const inChunk = parseTaskId(`${id}:${index}`);
      expect(inChunk).toMatchObject({ queue: name, chunk: { unique, index } });
      expect(taskIdOf(name, inChunk?.unique ?? '')).toBe(`${id}:${index}`);
    }),
    RUNS,
  );
});

test('an own id may be any text: it becomes a task id, the same for the same text, another for another', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(queue, text, text, (name, one, other) => {
      const id = taskIdOfKey(name, one);
      const { unique = '' } = parseTaskId(id) ?? {};
      // What BullMQ allows, and none of its own key names: those are shorter.
      expect(unique).toMatch(/^k[\w-]{21}$/);
      expect(taskIdOfKey(name, one)).toBe(id);
      expect(taskIdOfKey(name, other) === id).toBe(one === other);
    }),
    RUNS,
  );
});

test('what is no id is none, whatever it is; what is one stays what it is', () => {
  const nearly = fc
    .tuple(queue, fc.string({ minLength: 20, maxLength: 24 }), fc.string({ maxLength: 4 }))
    .map((parts) => parts.join(':'));
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.string(), nearly), (given) => {
      const parts = parseTaskId(given);
      if (parts) expect(taskIdOf(parts.queue, parts.unique)).toBe(given);
    }),
    RUNS,
  );
});
