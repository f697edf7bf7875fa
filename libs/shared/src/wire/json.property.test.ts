import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isGoflowError } from '../errors/goflow-error.js';
import { compressJson, escapeJson, expandJson } from './compressed-json.js';
import { encodeJson } from './json.js';
import { decodeLogLine } from './log-line.js';

// A failing case prints its seed: put it in here to run it again.
const RUNS = { seed: 5, numRuns: 500 };

const encode = (value: unknown): string =>
  encodeJson(value, {
    subject: 'payload of a',
    notSerializable: 'PAYLOAD_NOT_SERIALIZABLE',
    tooLarge: 'PAYLOAD_TOO_LARGE',
    limitBytes: 1024 * 1024,
  });

/** Any JSON, with keys that JavaScript and goflow have a meaning for. */
const key = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', 'constructor', 'toJSON', 'then', 'length', '~gz', '~enc', ''),
);
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.string({ unit: 'binary' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(null, true, false, 0),
    fc.array(tie('value'), { maxLength: 5 }),
    fc
      .array(fc.tuple(key, tie('value')), { maxLength: 5 })
      // As JSON.parse makes them: `__proto__` is a key like any other.
      .map((entries) => Object.fromEntries(entries) as object),
  ),
})).value;

test('any JSON comes back the same from the wire, compressed or not', async () => {
  await fc.assert(
    fc.asyncProperty(
      json,
      fc.constantFrom(0, 64, Number.POSITIVE_INFINITY),
      async (value, above) => {
        const text = encode(value);
        const stored = await compressJson(text, above);
        const back = await expandJson(JSON.parse(stored));
        expect(JSON.stringify(back)).toBe(text);
        expect(JSON.stringify(expandJson(JSON.parse(escapeJson(text))))).toBe(text);
        expect(Object.prototype).not.toHaveProperty('polluted');
      },
    ),
    RUNS,
  );
});

test('anything at all is encoded so that it comes back the same, or refused with a code', () => {
  fc.assert(
    fc.property(
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withNullPrototype: true,
        withSparseArray: true,
        withTypedArray: true,
        withObjectString: true,
      }),
      (value) => {
        try {
          const text = encode(value);
          expect(JSON.stringify(JSON.parse(text))).toBe(text);
        } catch (error) {
          expect(isGoflowError(error) && error.code).toBe('PAYLOAD_NOT_SERIALIZABLE');
        }
      },
    ),
    { ...RUNS, numRuns: 2_000 },
  );
});

test('what somebody else wrote is expanded, or refused with a code', async () => {
  const packed = fc.oneof(
    fc.string(),
    fc.base64String().map((text) => `9,${text}`),
    json,
  );
  await fc.assert(
    fc.asyncProperty(packed, async (given) => {
      try {
        await expandJson({ '~gz': given });
      } catch (error) {
        expect(isGoflowError(error) && error.code).toBe('ENVELOPE_UNREADABLE');
      }
    }),
    RUNS,
  );
});

test('a line of a log that somebody else wrote is one, or none', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (stored) => {
      const line = decodeLogLine(stored);
      if (line) expect(line.at).toBeInstanceOf(Date);
    }),
    RUNS,
  );
});

test.each([101, 1_000, 100_000])(
  '%i levels are refused with a code, not with a stack overflow',
  (levels) => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const deep: unknown = JSON.parse(`${open.repeat(levels)}1${close.repeat(levels)}`);
      expect(() => encode(deep)).toThrow(
        expect.objectContaining({
          code: 'PAYLOAD_NOT_SERIALIZABLE',
          message: expect.stringContaining('nesting deeper than 100 levels'),
        }),
      );
    }
  },
);
