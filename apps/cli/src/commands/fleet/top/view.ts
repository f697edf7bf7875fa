import type { QueueLoad } from '@goflow/sdk';
import type { Colour } from '../../../terminal/output.js';
import { formatTable, type TableColumn } from '../../../terminal/table.js';
import { age, spell } from '../../../terminal/times.js';
import { workerColumns } from '../workers.js';
import type { Sample } from './sample.js';

/** Where a view is shown. */
export interface Canvas {
  readonly width: number | undefined;
  paint(colour: Colour, text: string): string;
}

const NO_QUEUES = 'there are no queues: nothing was pushed yet';

/** A look as lines: a sum, the queues, the workers. */
export function viewOf(sample: Sample, canvas: Canvas): string[] {
  const { queues, workers, at } = sample;
  const busiest = queues.toSorted((a, b) => weight(b) - weight(a) || (a.queue < b.queue ? -1 : 1));
  return [
    ...sumOf(sample, canvas),
    '',
    ...(queues.length > 0
      ? formatTable(busiest, queueColumns(at), canvas)
      : wrapped(NO_QUEUES.split(' '), ' ', canvas.width)),
    '',
    ...(workers.length > 0
      ? formatTable(workers, workerColumns({ now: at }), canvas)
      : [canvas.paint('yellow', 'no worker is alive')]),
  ];
}

const weight = ({ counts, completed }: QueueLoad): number => counts.waiting + completed;

function sumOf({ at, queues, workers }: Sample, { paint, width }: Canvas): string[] {
  const sum = (read: (queue: QueueLoad) => number): number =>
    queues.reduce((all, queue) => all + read(queue), 0);
  const active = workers.flatMap((worker) => Object.values(worker.queues));
  const running = active.reduce((all, queue) => all + queue.active, 0);
  const slots = active.reduce((all, queue) => all + queue.concurrency, 0);
  const parts = [
    new Date(at).toISOString().slice(11, 19),
    `${sum(({ completed }) => completed).toFixed(1)} done/s`,
    `${sum(({ failed }) => failed).toFixed(1)} failed/s`,
    `${sum(({ counts }) => counts.waiting)} waiting`,
    `${running}/${slots} slots`,
    `${workers.length} ${workers.length === 1 ? 'worker' : 'workers'}`,
  ];
  return wrapped(parts, '   ', width).map((line) => paint('bold', line));
}

/** Lines of as many parts as fit: a line that the terminal breaks by itself would push the first ones off the page. */
export function wrapped(parts: readonly string[], gap: string, width = Infinity): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    const fits = last !== undefined && last.length + gap.length + part.length <= width;
    if (fits) lines[lines.length - 1] = last + gap + part;
    else lines.push(part.slice(0, width));
  }
  return lines;
}

function queueColumns(now: number): TableColumn<QueueLoad>[] {
  const right = { align: 'right' } as const;
  const time = (ms: number | undefined): string => (ms === undefined ? '-' : spell(ms));
  return [
    {
      title: 'QUEUE',
      text: ({ queue, isPaused }) => (isPaused ? `${queue} (paused)` : queue),
      colour: ({ isPaused }) => (isPaused ? 'yellow' : undefined),
    },
    { ...right, title: 'DONE/S', text: ({ completed }) => completed.toFixed(1) },
    {
      ...right,
      title: 'FAILED/S',
      text: ({ failed }) => failed.toFixed(1),
      colour: ({ failed }) => (failed > 0 ? 'red' : undefined),
    },
    { ...right, title: 'WAITING', text: ({ counts }) => String(counts.waiting) },
    { ...right, title: 'DELAYED', text: ({ counts }) => String(counts.delayed) },
    { ...right, title: 'ACTIVE', text: ({ counts }) => String(counts.active) },
    { ...right, title: 'WAIT P95', text: ({ waitP95Ms }) => time(waitP95Ms) },
    { ...right, title: 'RUN P95', text: ({ runP95Ms }) => time(runP95Ms) },
    { title: 'OLDEST', text: ({ oldestWaitingAt }) => age(oldestWaitingAt, now) },
  ];
}
