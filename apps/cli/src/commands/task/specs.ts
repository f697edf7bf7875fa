import type { CommandSpec } from '../../command.js';
import { FILTER_FLAGS, PAGE_FLAGS } from './filter-flags.js';
import { PUSH_FLAGS } from './push-flags.js';
import { REVEAL_FLAG, REVEAL_NOTE } from './reveal-flag.js';

const ID = 'default:AaIAbpSTeh2PWXg4OD5K3A';

/** Push tasks, ask for them, end them. */
export const TASK_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'push',
    summary: 'push a task, or one for each line of a file; prints its id',
    args: [
      { name: '<type>', help: 'the task type, such as email.send' },
      { name: '[payload]', help: 'JSON; - reads it from stdin' },
    ],
    options: [
      { flags: '--file <file>', help: 'the payload is in this file' },
      {
        flags: '--wait [duration]',
        help: 'wait for the outcome and print the result (default: 30s; with --many as long as it takes)',
      },
      { flags: '--many', help: 'a task for each line of --file or stdin: one JSON a line' },
      { flags: '--chunk <n>', help: 'with --many: so many tasks in one entry of the queue' },
      {
        flags: '--queue <queue>',
        help: 'for a type that --tasks does not know (default: "default")',
      },
      ...PUSH_FLAGS,
    ],
    examples: [
      `goflow push email.send '{"to":"a@example.com"}'`,
      `goflow push repeater '"hello"' --wait`,
      'goflow push image.resize --file request.json --delay 10m --tag eu',
      'generate | goflow push email.send --many --chunk 100',
      'goflow push email.send --many --file in.jsonl --wait --json > out.jsonl',
    ],
    notes: [
      'With --tasks the contracts check the payload and give the queue; without, the workers check it.',
      'The id that is printed is the one to use everywhere else, with --id, too: an id of your own is hashed into it. Pushed again with the same --id it is printed again, and no task is added while the first is known.',
      'With --many what stands before a line that is refused is pushed, and what stands behind it is not. With --wait each outcome is a line of JSON, as it comes; what was waited for in vain is told with what holds it up.',
    ],
    load: () => import('./push.js'),
  },
  {
    name: 'get',
    summary: 'tell where a task stands, with its result once it has ended',
    args: [{ name: '<id>', help: 'what `goflow push` printed' }],
    examples: [`goflow get ${ID}`, `goflow get ${ID} --json`],
    notes: ['An id that never existed, or whose retention is over, ends with exit code 4.'],
    load: () => import('./get.js'),
  },
  {
    name: 'wait',
    summary: 'wait until a task has ended, and print its result',
    args: [{ name: '<id>', help: 'what `goflow push` printed' }],
    options: [{ flags: '--for <duration>', help: 'how long (default: 30s)' }],
    examples: [`goflow wait ${ID} --for 10m`],
    notes: [
      'The task goes on when the time is over, or after Ctrl-C. A time that is over while Redis is away: exit code 3.',
    ],
    load: () => import('./wait.js'),
  },
  {
    name: 'watch',
    summary: 'follow the progress and the log of a task until it ends',
    args: [{ name: '<id>', help: 'what `goflow push` printed' }],
    examples: [`goflow watch ${ID}`, `goflow watch ${ID} --json`],
    readOnly: true,
    load: () => import('./watch.js'),
  },
  {
    name: 'list',
    summary: 'list tasks: queue by queue, what runs first, what is over last',
    options: [
      {
        flags: '--state <state...>',
        help: 'waiting, delayed, active, completed, failed, cancelled or expired',
      },
      ...FILTER_FLAGS,
      ...PAGE_FLAGS,
    ],
    examples: [
      'goflow list --state active --state waiting',
      'goflow list --type email.send --since 2h --text a@example.com --json',
    ],
    readOnly: true,
    load: () => import('./list.js'),
  },
  {
    name: 'show',
    summary: 'tell all about a task: payload, options, attempts, log, failure, result',
    args: [{ name: '<id>', help: 'what `goflow push` printed' }],
    options: [REVEAL_FLAG],
    examples: [`goflow show ${ID}`, `goflow show ${ID} --json`],
    notes: [REVEAL_NOTE],
    readOnly: true,
    load: () => import('./show.js'),
  },
  {
    name: 'cancel',
    summary: 'end tasks for good, wherever they are',
    args: [{ name: '<id...>', help: 'what `goflow push` printed' }],
    options: [{ flags: '--reason <text>', help: 'why: the failure of the task says it' }],
    examples: [`goflow cancel ${ID} --reason "wrong address"`],
    notes: [
      'A task that runs is told to stop, and may be faster. One that has ended stays as it is: exit code 1, or 0 where it was cancelled before.',
    ],
    load: () => import('./cancel.js'),
  },
  {
    name: 'retry',
    summary: 'put tasks that failed, expired or were cancelled back into their queues',
    args: [{ name: '<id...>', help: 'of `goflow list` or `goflow dead list`' }],
    options: [{ flags: '--payload <json>', help: 'in place of the payload that it has' }],
    examples: [`goflow retry ${ID}`, `goflow retry ${ID} --payload '{"to":"b@example.com"}'`],
    notes: ['It has all its attempts before it, and no startBy and no deadline any more.'],
    load: () => import('./retry.js'),
  },
];
