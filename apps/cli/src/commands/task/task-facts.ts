import type { TaskAttempt, TaskFailure, TaskLogEntry } from '@goflow/shared';
import type { Facts } from '../../terminal/facts.js';
import type { Output } from '../../terminal/output.js';
import { jsonText, manyLines, oneLine } from '../../terminal/printable.js';
import type { TableColumn } from '../../terminal/table.js';
import { ago, spell } from '../../terminal/times.js';
import { colourOf } from './outcome.js';

/** What is told of every task. */
interface Told {
  readonly type: string;
  readonly attempts: number;
  readonly pushedAt: Date;
  readonly startedAt?: Date | undefined;
  readonly finishedAt?: Date | undefined;
}

/** Type, attempts and times of a task. */
export function taskFacts(task: Told, now = Date.now()): Facts {
  const { type, attempts, pushedAt, startedAt, finishedAt } = task;
  const ran = startedAt && finishedAt && finishedAt.getTime() - startedAt.getTime();
  const took = ran === undefined || ran < 0 ? '' : `, after ${spell(ran)}`;
  return [
    ['type', type],
    ['attempts', String(attempts)],
    ['pushed', timeText(pushedAt, now)],
    ['started', startedAt && timeText(startedAt, now)],
    ['finished', finishedAt && `${timeText(finishedAt, now)}${took}`],
  ];
}

/** A time, and how far it is from now. */
export function timeText(at: Date, now = Date.now()): string {
  const ms = at.getTime() - now;
  return `${at.toISOString()} (${ms > 0 ? `in ${spell(ms)}` : ago(at, now)})`;
}

/** One line that a handler logged. */
export function logText(
  { at, level, message, attempt, fields }: TaskLogEntry,
  out: Output,
): string {
  const colour = level === 'error' ? 'red' : level === 'warn' ? 'yellow' : 'dim';
  const more = fields === undefined ? '' : `  ${jsonText(fields)}`;
  const from = out.paint('dim', `${at.toISOString()} #${attempt}`);
  return `${from} ${out.paint(colour, level.padEnd(5))} ${oneLine(message)}${oneLine(more)}`;
}

/** A failure whole: its stack, and what caused it. */
export function failureText(failure: TaskFailure): string[] {
  const { name, message, code, stack, details, cause } = failure;
  const head = `${name}: ${message}`;
  const isInStack = stack?.includes(message) === true;
  return [
    `code: ${oneLine(code)}`,
    ...(isInStack ? [] : [manyLines(head)]),
    ...(stack === undefined ? [] : [manyLines(stack)]),
    ...(details === undefined ? [] : [`details: ${jsonText(details)}`]),
    ...(cause === undefined
      ? []
      : ['caused by:', ...failureText(cause).map((line) => `  ${line}`)]),
  ];
}

/** How the attempts of a task went. */
export const HISTORY: readonly TableColumn<TaskAttempt>[] = [
  { title: 'ATTEMPT', text: ({ attempt }) => String(attempt), align: 'right' },
  { title: 'OUTCOME', text: ({ outcome }) => outcome, colour: ({ outcome }) => colourOf(outcome) },
  {
    title: 'TOOK',
    align: 'right',
    text: ({ startedAt, endedAt }) =>
      endedAt === undefined ? '-' : spell(Math.max(0, endedAt.getTime() - startedAt.getTime())),
  },
  {
    title: 'FAILURE',
    text: ({ failure }) => (failure ? `${failure.name}: ${failure.message}` : ''),
  },
  { title: 'WORKER', text: ({ worker }) => worker ?? '' },
  { title: 'STARTED', text: ({ startedAt }) => startedAt.toISOString() },
];
