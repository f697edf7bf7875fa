import type { OptionSpec } from '../../command.js';

/** The flags that are options of a push: docs/options.md tells of each. */
export const PUSH_FLAGS: readonly OptionSpec[] = [
  { flags: '--delay <duration>', help: 'how long it waits before a worker may take it' },
  { flags: '--run-at <time>', help: 'when a worker may take it, as 2026-01-31T12:00:00Z' },
  { flags: '--priority <n>', help: '0 is taken first, then the lower number first' },
  { flags: '--max-attempts <n>', help: 'how often it is tried in all' },
  {
    flags: '--backoff <wait>',
    help: 'the wait between attempts: 5s, exponential:1s, or JSON of the option',
  },
  { flags: '--task-timeout <duration>', help: 'how long one attempt may run' },
  { flags: '--deadline <duration>', help: 'how long it may take in all' },
  { flags: '--start-by <duration>', help: 'how long it may wait for its beginning' },
  { flags: '--tag <tag...>', help: 'a word to find it by' },
  {
    flags: '--id <id>',
    help: 'an id of your own: pushed twice, it is one task; what is printed is made of it',
  },
  {
    flags: '--deduplication-key <key>',
    help: 'while a task with this key is unfinished, a push answers with that task',
  },
  { flags: '--throttle <duration>', help: 'the key stands so long for one task, the first' },
  { flags: '--debounce <duration>', help: 'it runs so long after the last push of its key' },
  { flags: '--retention-completed <duration>', help: 'how long its result can be asked for' },
  { flags: '--retention-failed <duration>', help: 'how long it is kept when it does not complete' },
  { flags: '--traceparent <trace>', help: 'the trace that it is part of (W3C)' },
];
