import { GoflowError } from '@goflow/shared';
import { expect, test } from 'vitest';
import { EXIT, exitCodeOf } from './exit-code.js';

/** As commander throws it. */
const ofCommander = (exitCode: number, code: string) =>
  Object.assign(new Error('a'), { exitCode, code });

test.each([
  [new GoflowError('OPTION_INVALID', 'a'), EXIT.usage],
  [new GoflowError('BROKER_UNAVAILABLE', 'a'), EXIT.unreachable],
  [new GoflowError('INTERNAL', 'a'), EXIT.defect],
  [ofCommander(1, 'commander.unknownOption'), EXIT.usage],
  [ofCommander(0, 'commander.helpDisplayed'), EXIT.done],
  [Object.assign(new Error('a'), { code: 'ENOSPC' }), EXIT.defect],
  [Object.assign(new Error('a'), { code: 'ERR_INVALID_ARG_TYPE' }), EXIT.defect],
  [new TypeError('a'), EXIT.defect],
  [undefined, EXIT.defect],
])('%s ends the program with %i', (error, code) => {
  expect(exitCodeOf(error)).toBe(code);
});
