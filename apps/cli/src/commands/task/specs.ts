import type { CommandSpec } from '../../command.js';

/** Push tasks, ask for them, end them. */
export const TASK_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'get',
    summary: 'tell where a task stands, with its result once it has ended',
    args: [{ name: '<id>', help: 'what `goflow push` printed' }],
    examples: ['goflow get default:AaIAbpSTeh2PWXg4OD5K3A'],
    notes: ['An id that never existed, or whose retention is over, ends with exit code 4.'],
    load: () => import('./get.js'),
  },
];
