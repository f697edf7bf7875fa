import { expect, test } from 'vitest';
import { SILENT_LOGGER } from '../ports/logger.js';
import { checkLogger } from './check-logger.js';

test('a logger is what has the methods of one', () => {
  expect(checkLogger(SILENT_LOGGER)).toBe(SILENT_LOGGER);
});

test('the console is told what it lacks, and what fits', () => {
  expect(() => checkLogger(console as never)).toThrow(
    'Expected `logger` to be an object with debug, info, warn, error, child, such as pino() makes, and it has no `child`, got an object (object)',
  );
});

test.each([['pino'], [{}]])('%j lacks everything', (given) => {
  expect(() => checkLogger(given as never)).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID' }),
  );
});
