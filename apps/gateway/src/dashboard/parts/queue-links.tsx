import type { TaskState } from '@goflow/sdk';
import type { VNode } from 'preact';
import { count } from './figures.js';
import { hrefOf } from './href.js';

/** How many tasks of a queue are in a state, leading to them. */
export function Counted({
  queue,
  state,
  value,
}: {
  readonly queue: string;
  readonly state: TaskState;
  readonly value: number;
}): VNode {
  if (value === 0) return <span class="muted">0</span>;
  return (
    <a href={hrefOf('/tasks', { queue, state })} data-key={`${queue} ${state}`}>
      {count(value)}
    </a>
  );
}

/** The page of a queue in the list of queues. */
export const queueHref = (queue: string): string =>
  `${hrefOf('/queues', { q: queue })}#${encodeURIComponent(queue)}`;

/** The queue as BullMQ has it. */
export const boardHref = (queue: string): string =>
  hrefOf(`/board/queue/${encodeURIComponent(queue)}`);
