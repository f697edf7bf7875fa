import type { CommandSpec, OptionSpec } from '../../command.js';
import { DEAD_FILTER_FLAGS, PAGE_FLAGS } from '../task/filter-flags.js';
import { REVEAL_FLAG, REVEAL_NOTE } from '../task/reveal-flag.js';

const ALL_FLAGS: readonly OptionSpec[] = [
  { flags: '--all', help: 'instead of ids: all, or those that the filters choose' },
  ...DEAD_FILTER_FLAGS,
  { flags: '--yes', help: 'do not ask: needed for --all where nobody sits at a terminal' },
  { flags: '--dry-run', help: 'only count' },
];

/** Tasks that failed for good. */
export const DEAD_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'dead list',
    summary: 'list tasks that failed for good or expired, the newest first',
    options: [...DEAD_FILTER_FLAGS, ...PAGE_FLAGS],
    examples: [
      'goflow dead list --since 2h --type email.send',
      'goflow dead list --fingerprint 7Jk2hQm0c1Xa --json',
    ],
    readOnly: true,
    load: () => import('./list.js'),
  },
  {
    name: 'dead groups',
    summary: 'group them by how they failed, the largest group first',
    options: DEAD_FILTER_FLAGS,
    examples: ['goflow dead groups', 'goflow dead groups --since 1d --json'],
    notes: ['It looks at the newest 100,000 of each queue.'],
    readOnly: true,
    load: () => import('./groups.js'),
  },
  {
    name: 'dead show',
    summary: 'tell all about one, with its payload and the stack of its failure',
    args: [{ name: '<id>', help: 'of `goflow dead list`' }],
    options: [REVEAL_FLAG],
    notes: [REVEAL_NOTE],
    examples: ['goflow dead show default:AaIAbpSTeh2PWXg4OD5K3A'],
    readOnly: true,
    load: () => import('../task/show.js'),
  },
  {
    name: 'dead redrive',
    summary: 'put them back into their queues, to be run again',
    args: [{ name: '[id...]', help: 'of `goflow dead list`; or --all' }],
    options: [
      ...ALL_FLAGS,
      { flags: '--rate <n>', help: 'tasks a second, with --all (default: 100)' },
    ],
    examples: [
      'goflow dead redrive default:AaIAbpSTeh2PWXg4OD5K3A',
      'goflow dead redrive --all --fingerprint 7Jk2hQm0c1Xa --rate 50',
      'goflow dead redrive --all --since 1d --dry-run',
    ],
    notes: [
      'What fails again meanwhile is left alone. Called again after Ctrl-C, it does the rest.',
    ],
    load: () => import('./redrive.js'),
  },
  {
    name: 'dead discard',
    summary: 'remove them for good, with all that belongs to them',
    args: [{ name: '[id...]', help: 'of `goflow dead list`; or --all' }],
    options: ALL_FLAGS,
    examples: [
      'goflow dead discard default:AaIAbpSTeh2PWXg4OD5K3A',
      'goflow dead discard --all --type email.send --yes',
    ],
    load: () => import('./discard.js'),
  },
];
