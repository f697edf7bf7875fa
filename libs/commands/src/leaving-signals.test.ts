import { expect, test } from 'vitest';
import { LEAVING_SIGNALS, leavingCode } from './leaving-signals.js';

test('128 and the number of the signal', () => {
  expect(LEAVING_SIGNALS.map(leavingCode)).toEqual([130, 143, 129]);
});
