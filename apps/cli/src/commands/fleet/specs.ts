import type { CommandSpec, OptionSpec } from '../../command.js';

const SCOPE: readonly OptionSpec[] = [
  { flags: '--queue <name>', help: 'only for this queue (default: all)' },
  { flags: '--label <key=value...>', help: 'only for workers with this label' },
];
const BY: OptionSpec = {
  flags: '--by <name>',
  help: 'who makes the change, for the audit trail (default: user@host)',
};

/** Queues and workers: looked at, and steered. */
export const FLEET_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'queues',
    summary: 'list the queues: depth by state, age of the oldest task, paused or not',
    options: [
      {
        flags: '--search',
        help: 'look through all keys of Redis: queues that only other programs push to, too',
      },
    ],
    examples: ['goflow queues', 'goflow queues --search --json'],
    notes: ['A queue that was found so is listed without it from then on.'],
    readOnly: true,
    load: () => import('./queues.js'),
  },
  {
    name: 'pause',
    summary: 'take nothing more from a queue; what runs goes on',
    args: [{ name: '<queue>', help: 'its name' }],
    options: [BY],
    examples: ['goflow pause images --by ada'],
    load: async () => ({ run: (await import('./pause.js')).pause }),
  },
  {
    name: 'resume',
    summary: 'take tasks from a paused queue again',
    args: [{ name: '<queue>', help: 'its name' }],
    options: [BY],
    examples: ['goflow resume images'],
    load: async () => ({ run: (await import('./pause.js')).resume }),
  },
  {
    name: 'workers',
    summary: 'list the live workers: load, desired and actual concurrency, labels',
    options: [{ flags: '--types', help: 'show the types that each has handlers for' }],
    examples: ['goflow workers', 'goflow workers --types'],
    notes: ['A `*` marks a concurrency that was set on the worker itself (PATCH /concurrency).'],
    readOnly: true,
    load: () => import('./workers.js'),
  },
  {
    name: 'concurrency get',
    summary: 'show what is wanted of the fleet, and what its workers have',
    examples: ['goflow concurrency get'],
    notes: ['`goflow concurrency` alone is the same.'],
    isDefault: true,
    readOnly: true,
    load: async () => ({ run: (await import('./concurrency.js')).get }),
  },
  {
    name: 'concurrency set',
    summary: 'say how many tasks each worker runs at once, those that start later too',
    args: [{ name: '<n>', help: '0 (take nothing new) to 10000' }],
    options: [...SCOPE, BY],
    examples: [
      'goflow concurrency set 20 --queue images',
      'goflow concurrency set 5 --queue images --label region=eu',
      'goflow concurrency set 0',
    ],
    notes: [
      'Running workers have it within a second. Of several rules that fit, one that names the queue\ncounts before one that does not, then the one with more labels. A worker keeps to its own bounds.',
    ],
    load: async () => ({ run: (await import('./concurrency.js')).set }),
  },
  {
    name: 'concurrency reset',
    summary: 'take such a rule back: workers go back to what else was said',
    options: [...SCOPE, BY],
    examples: ['goflow concurrency reset --queue images'],
    load: async () => ({ run: (await import('./concurrency.js')).reset }),
  },
  {
    name: 'audit',
    summary: 'tell who changed what and when: concurrency, pauses, overrides',
    options: [{ flags: '--limit <n>', help: '1 to 1000 (default: 50)' }],
    examples: ['goflow audit', 'goflow audit --limit 500 --json'],
    readOnly: true,
    load: () => import('./audit.js'),
  },
  {
    name: 'top',
    summary: 'watch it live: rates, depth, waiting times, workers',
    options: [
      { flags: '--interval <duration>', help: 'between two looks: 500ms to 60s (default: 2s)' },
      { flags: '--once', help: 'one look, and end; so it is without a terminal' },
    ],
    examples: ['goflow top', 'goflow top --once --json'],
    notes: ['Keys: q or Ctrl-C to leave; exit code 0 with either.'],
    readOnly: true,
    load: () => import('./top/top.js'),
  },
];
