import { isGoflowError, type TaskState } from '@goflow/shared';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeCursor, encodeCursor } from './page-cursor.js';

// A failing case prints its seed: put it in here to run it again.
const RUNS = { seed: 5, numRuns: 500 };
const STATES: readonly TaskState[] = ['waiting', 'delayed', 'active', 'completed', 'failed'];

const asked = fc.record({
  queue: fc.stringMatching(/^[a-z0-9][a-z0-9_.-]{0,20}$/),
  state: fc.constantFrom(...STATES),
  tag: fc.option(fc.string({ minLength: 1, maxLength: 20 }), { nil: undefined }),
});
const text = fc.string({ maxLength: 30 });
const setPosition = fc.tuple(fc.nat().map(String), text);
const listPosition = fc.tuple(fc.nat(), fc.nat(), text, text, text);

test('a cursor tells where it was made, and for what', () => {
  const at = fc.oneof(setPosition, listPosition);
  fc.assert(
    fc.property(
      asked,
      asked,
      fc.record({ place: fc.nat(10), at, below: fc.nat(999) }),
      (question, other, position) => {
        const cursor = encodeCursor(question as never, position);
        expect(decodeCursor(cursor, question as never)).toEqual(position);
        fc.pre(JSON.stringify(other) !== JSON.stringify(question));
        expect(() => decodeCursor(cursor, other as never)).toThrow('another queue');
      },
    ),
    RUNS,
  );
});

test('a cursor that is made up is refused with CURSOR_INVALID', () => {
  const madeUp = fc.oneof(
    fc.anything(),
    fc.string(),
    fc.json().map((json) => Buffer.from(json).toString('base64url')),
    fc
      .array(fc.oneof(fc.constantFrom(1, 'q', 'failed', null, '5'), fc.anything()), {
        maxLength: 11,
      })
      .map((parts) =>
        Buffer.from(String(JSON.stringify([1, 'q', 'failed', null, ...parts], noBig))).toString(
          'base64url',
        ),
      ),
  );
  fc.assert(
    fc.property(madeUp, (cursor) => {
      try {
        const { place } = decodeCursor(cursor, { queue: 'q', state: 'failed' } as never);
        expect(Number.isSafeInteger(place)).toBe(true);
      } catch (error) {
        expect(isGoflowError(error, 'CURSOR_INVALID')).toBe(true);
      }
    }),
    RUNS,
  );
});

const noBig = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? 1 : value);
