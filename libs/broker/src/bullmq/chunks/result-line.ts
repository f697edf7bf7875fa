import { type TaskRecord, toFailure } from '@goflow/shared';
import { fromReturnValue, isStoredResult } from '../job-codec.js';

/**
 * Bytes of result lines that a chunk holds. Each save and each read copies all of them inside Redis, where nothing else moves meanwhile:
 * so many take about a millisecond, and a chunk of 1,000 still has 260 bytes for each result.
 */
const MAX_RESULTS = 256 * 1024;
/** A longer line gains nothing by being in a chunk: its own job costs less than copying it again and again, and others have its place. */
const MAX_LINE = 64 * 1024;

/** How many bytes a line takes among the results of its chunk. */
export const bytesOf = (line: string): number => Buffer.byteLength(line) + 1;

/** Whether a chunk that holds so many bytes of results takes a line more of this length in bytes. What it does not take leaves it. */
export const hasRoom = (held: number, bytes: number): boolean =>
  bytes <= MAX_LINE && held + bytes <= MAX_RESULTS;

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
