import type { CommandSpec } from '../../command.js';

/** What is wrong, and what to do. */
export const DOCTOR_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'doctor',
    summary: 'look at Redis, queues and workers: what is wrong, and what to do',
    options: [
      {
        flags: '--watch <duration>',
        help: 'how long queues are watched, to tell whether they grow or stand still: 500ms to 10m (default: 2s)',
      },
      { flags: '--strict', help: 'end with 1 for warnings, too' },
    ],
    examples: [
      'goflow doctor',
      'goflow doctor --tasks tasks.mjs --watch 1m',
      "goflow doctor --strict --json | jq -r '.findings[].advice'",
    ],
    notes: [
      'It changes nothing. What it may not ask is told as unknown, which is no fault. With --tasks it tells contracts that no worker has.',
      'Exit codes: 0 no problem, 1 a problem, 3 Redis cannot be reached, with the cause: refused, name, timeout, TLS, password, rights.',
    ],
    load: () => import('./doctor.js'),
  },
];
