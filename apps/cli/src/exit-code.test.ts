import { GoflowError } from '@goflow/shared';
import { CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { EXIT, exitCodeOf } from './exit-code.js';

test.each([
  [new GoflowError('OPTION_INVALID', 'a'), EXIT.usage],
  [new GoflowError('BROKER_UNAVAILABLE', 'a'), EXIT.unreachable],
  [new GoflowError('INTERNAL', 'a'), EXIT.defect],
  [new CommanderError(1, 'commander.unknownOption', 'a'), EXIT.usage],
  [new CommanderError(0, 'commander.helpDisplayed', 'a'), EXIT.done],
  [Object.assign(new Error('a'), { code: 'ENOSPC' }), EXIT.defect],
  [Object.assign(new Error('a'), { code: 'ERR_INVALID_ARG_TYPE' }), EXIT.defect],
  [new TypeError('a'), EXIT.defect],
  [undefined, EXIT.defect],
])('%s ends the program with %i', (error, code) => {
  expect(exitCodeOf(error)).toBe(code);
});
