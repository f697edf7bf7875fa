import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_TIMER_MS, toMs } from './duration.js';

// A failing case prints its seed: put it in here to run it again.
const RUNS = { seed: 5, numRuns: 500 };
const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const unit = fc.constantFrom(...(Object.keys(UNITS) as (keyof typeof UNITS)[]));

test('a number with a unit is so many milliseconds', () => {
  fc.assert(
    fc.property(fc.nat(MAX_TIMER_MS), fc.nat(999), unit, (whole, thousandths, name) => {
      const text = `${whole}.${String(thousandths).padStart(3, '0')}${name}`;
      const ms = (whole + thousandths / 1_000) * UNITS[name];
      if (ms > MAX_TIMER_MS) expect(() => toMs('x', text)).toThrow('`x`');
      else expect(toMs('x', text)).toBeCloseTo(ms, -0.5);
    }),
    RUNS,
  );
});

test('milliseconds written in any unit come back', () => {
  fc.assert(
    fc.property(fc.nat(20_000), unit, (count, name) => {
      const ms = count * UNITS[name];
      fc.pre(ms <= MAX_TIMER_MS);
      expect(toMs('x', `${count}${name}`)).toBe(ms);
      expect(toMs('x', `${ms}ms`)).toBe(ms);
      expect(toMs('x', ms)).toBe(ms);
    }),
    RUNS,
  );
});

test('anything else is refused with OPTION_INVALID, and nothing takes long', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(...'0123456789.-+eE smhdx'.split('')), maxLength: 40 }),
    fc.nat(50_000).map((length) => '9'.repeat(length)),
  );
  fc.assert(
    fc.property(fc.oneof(text, fc.anything()), (given) => {
      const isDuration =
        typeof given === 'number' ||
        (typeof given === 'string' && /^\d+(\.\d+)?(ms|s|m|h|d)$/.test(given));
      fc.pre(!isDuration);
      expect(() => toMs('x', given)).toThrow(
        expect.objectContaining({
          code: 'OPTION_INVALID',
          details: expect.objectContaining({ option: 'x' }),
        }),
      );
    }),
    RUNS,
  );
});

test('a number is taken within its limits only', () => {
  fc.assert(
    fc.property(fc.double(), (given) => {
      const isWithin = given >= 0 && given <= MAX_TIMER_MS;
      if (isWithin) expect(Number.isSafeInteger(toMs('x', given))).toBe(true);
      else expect(() => toMs('x', given)).toThrow('`x`');
    }),
    RUNS,
  );
});
