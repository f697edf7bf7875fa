import type { CommandSpec } from '../command.js';
import { DEAD_COMMANDS } from './dead/specs.js';
import { DOCTOR_COMMANDS } from './doctor/specs.js';
import { EXEC_COMMANDS } from './exec/specs.js';
import { FLEET_COMMANDS } from './fleet/specs.js';
import { PROGRAM_COMMANDS } from './program/specs.js';
import { TASK_COMMANDS } from './task/specs.js';

/** All commands, in the order of `--help`. */
export const COMMANDS: readonly CommandSpec[] = [
  ...TASK_COMMANDS,
  ...DEAD_COMMANDS,
  ...FLEET_COMMANDS,
  ...EXEC_COMMANDS,
  ...DOCTOR_COMMANDS,
  ...PROGRAM_COMMANDS,
];
