import type { CommandHelp, CommandSpec } from '../command.js';
import { DEAD_COMMANDS } from './dead/specs.js';
import { DOCTOR_COMMANDS } from './doctor/specs.js';
import { EXEC_COMMANDS } from './exec/specs.js';
import { FLEET_COMMANDS } from './fleet/specs.js';
import { PROGRAM_COMMANDS, PROGRAMS } from './program/specs.js';
import { TASK_COMMANDS } from './task/specs.js';

export { PROGRAMS };

/** What runs in this process, in the order of `--help`. */
export const COMMANDS: readonly CommandSpec[] = [
  ...TASK_COMMANDS,
  ...DEAD_COMMANDS,
  ...FLEET_COMMANDS,
  ...EXEC_COMMANDS,
  ...DOCTOR_COMMANDS,
  ...PROGRAM_COMMANDS,
];

/** All that there is: commands, and the programs that they hand over to. */
export const ALL_COMMANDS: readonly CommandHelp[] = [...COMMANDS, ...PROGRAMS];
