import { isGoflowError, toFailure } from '@goflow/shared';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromReturnValue, fromStored, toReturnValue, toStackText } from './job-codec.js';
import { decodeReplies } from './reply-inbox.js';
import { timesIn } from './stored-options.js';
import { decodeNews } from './task-news.js';

// A failing case prints its seed: put it in here to run it again.
const RUNS = { seed: 5, numRuns: 500 };

const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const error = fc
  .record({ message: text, name: text, code: text, details: fc.jsonValue(), cause: text })
  .map(({ message, cause, ...rest }) => Object.assign(new Error(message, { cause }), rest));

test('a failure comes back from Redis as it was', () => {
  fc.assert(
    fc.property(fc.oneof(error, fc.anything()), (thrown) => {
      const failure = toFailure(thrown);
      const stored = JSON.stringify(['an earlier one', toStackText(failure)]);
      const back = fromStored(failure.message, stored);
      expect(JSON.stringify({ ...back, stack: undefined })).toBe(
        JSON.stringify({ ...failure, stack: undefined }),
      );
    }),
    RUNS,
  );
});

test('a result comes back from Redis as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const resultJson = JSON.stringify(value);
      const stored = toReturnValue({ kind: 'completed', resultJson });
      expect(JSON.stringify(fromReturnValue(stored))).toBe(resultJson);
    }),
    RUNS,
  );
});

test('what somebody else wrote is read as something, or refused with a code', () => {
  const written = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.constant(null));
  fc.assert(
    fc.property(written, written, (one, other) => {
      expect(typeof fromStored(one ?? '', other).message).toBe('string');
      expect(Array.isArray(decodeReplies(one ?? ''))).toBe(true);
      decodeNews(one ?? '');
      timesIn(one);
      timesIn(`{"sb":1,${one}`);
      try {
        fromReturnValue(one);
      } catch (refused) {
        expect(isGoflowError(refused, 'ENVELOPE_UNREADABLE')).toBe(true);
      }
    }),
    RUNS,
  );
});
