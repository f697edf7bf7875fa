import type { OptionSpec } from '../../command.js';

/** Filters of every list. */
export const FILTER_FLAGS: readonly OptionSpec[] = [
  { flags: '--type <type>', help: 'of this task type' },
  { flags: '--queue <queue>', help: 'in this queue (default: all queues in Redis)' },
  { flags: '--tag <tag>', help: 'pushed with this tag' },
  {
    flags: '--since <when>',
    help: 'that ended, or were pushed, so long ago at most (2h), or since a time (2026-01-31)',
  },
  {
    flags: '--text <text>',
    help: 'with this in id, type, tags, payload or failure, upper or lower case',
  },
];

/** Filters of dead letters. */
export const DEAD_FILTER_FLAGS: readonly OptionSpec[] = [
  ...FILTER_FLAGS,
  { flags: '--reason <reason>', help: 'that died of this: exhausted, timed-out, poison …' },
  { flags: '--fingerprint <fingerprint>', help: 'that failed in the same way: of `dead groups`' },
];

/** How much of a list. */
export const PAGE_FLAGS: readonly OptionSpec[] = [
  { flags: '--limit <n>', help: 'how many at most (default: 50)' },
  { flags: '--cursor <cursor>', help: 'where the list before ended: it said so' },
];
