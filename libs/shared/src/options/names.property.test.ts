import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isGoflowError } from '../errors/goflow-error.js';
import { checkPrefix, checkQueueName } from './names.js';
import { resolvePushOptions } from './push-options.js';
import { checkTags, isTag } from './tags.js';

// A failing case prints its seed: put it in here to run it again.
const RUNS = { seed: 5, numRuns: 1_000 };

/** What a call gives, or `refused`; anything but a refusal of goflow's is an error. */
function given<T>(call: () => T): T | 'refused' {
  try {
    return call();
  } catch (error) {
    if (isGoflowError(error, 'OPTION_INVALID')) return 'refused';
    throw error;
  }
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  fc.stringMatching(/^[a-zA-Z0-9_.:{}*-]{0,70}$/),
);

test('a name has nothing in it that Redis or BullMQ would take for something else', () => {
  fc.assert(
    fc.property(fc.oneof(text, fc.anything()), (name) => {
      for (const check of [() => checkQueueName('queue', name), () => checkPrefix(name)]) {
        const taken = given(check);
        if (taken === 'refused') continue;
        expect(taken).toBe(name);
        expect(taken).toMatch(/^[A-Za-z0-9][\w.-]{0,63}$/);
      }
    }),
    RUNS,
  );
});

test('tags are kept as they are, each once, or refused', () => {
  const tag = fc.string({ unit: 'binary', maxLength: 70 });
  fc.assert(
    fc.property(fc.oneof(fc.array(tag, { maxLength: 12 }), fc.anything()), (tags) => {
      const taken = given(() => checkTags('tags', tags));
      if (taken === 'refused') return;
      expect(new Set(taken)).toEqual(new Set(tags as string[]));
      expect(taken.every(isTag)).toBe(true);
      // As Redis stores them, and gives them back.
      for (const one of taken) expect(Buffer.from(one).toString()).toBe(one);
    }),
    RUNS,
  );
});

const OPTIONS = [
  'delay',
  'runAt',
  'priority',
  'maxAttempts',
  'backoff',
  'timeout',
  'startBy',
  'deadline',
  'tags',
  'retention',
  'id',
  'deduplicationKey',
  'deduplicationWindow',
  'traceparent',
  '__proto__',
  'other',
];
const likely = fc.constantFrom<unknown>(
  0,
  1,
  -1,
  1.5,
  1e18,
  Number.NaN,
  '1s',
  '-1s',
  'abc',
  '',
  null,
  undefined,
  [],
  {},
  true,
  1n,
  Symbol('x'),
  { type: 'fixed', delay: 'abc' },
  { type: 'abc' },
  { completed: '1d' },
  ['a'],
  [''],
  new Date(Number.NaN),
);

test('options of a push work, or are refused by name: never another error', () => {
  const options = fc.dictionary(fc.constantFrom(...OPTIONS), fc.oneof(likely, fc.anything()));
  fc.assert(
    fc.property(fc.oneof(options, fc.anything()), (garbage) => {
      const resolved = given(() => resolvePushOptions(garbage as object));
      if (resolved === 'refused') return;
      expect(Object.getPrototypeOf(resolved)).toBe(Object.prototype);
      for (const [name, value] of Object.entries(resolved))
        if (name.endsWith('Ms')) expect(Number.isSafeInteger(value), name).toBe(true);
    }),
    { ...RUNS, numRuns: 3_000 },
  );
});
