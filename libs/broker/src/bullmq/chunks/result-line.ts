import { type TaskRecord, toFailure } from '@goflow/shared';
import { fromReturnValue, isStoredResult } from '../job-codec.js';

const LINE = /^(\d+),(\d+) /;

/** How a result is saved. Times are whole milliseconds: the start, since a time that its chunk knows, and the length of the run. */
export const toResultLine = (startMs: number, runMs: number, stored: string): string =>
  `${Math.max(Math.round(startMs), 0)},${Math.round(runMs)} ${stored}`;

/** What a saved result says of its task. One that cannot be read must not keep others from being answered. */
export function fromResultLine(line: string, since: number): ResultLine {
  const [head = '', start = 0, run = 0] = LINE.exec(line) ?? [];
  const stored = line.slice(head.length);
  const startedAt = since + Number(start);
  const times = { startedAt, finishedAt: startedAt + Number(run) };
  const completed = { state: 'completed' as const, attempts: 1, ...times };
  if (isStoredResult(stored)) return { ...completed, isStored: true };
  try {
    return { ...completed, result: fromReturnValue(stored) };
  } catch (error) {
    return { ...completed, failure: toFailure(error, 'ENVELOPE_UNREADABLE') };
  }
}

type ResultLine = Pick<TaskRecord, 'state' | 'attempts' | 'result' | 'isStored' | 'failure'> & {
  readonly startedAt: number;
  readonly finishedAt: number;
};
