import type { QueueRecord } from '../ports/fleet-broker.js';
import type { WorkerRecord } from '../ports/inspector-broker.js';

/** The task that is asked about. */
export interface OpenTask {
  readonly type: string;
  readonly queue: string;
  readonly status: string;
}

/** What can hold up a task. */
export interface FleetNow {
  readonly workers: readonly Pick<WorkerRecord, 'types' | 'queues'>[];
  readonly queues: readonly Pick<QueueRecord, 'queue' | 'isPaused'>[];
}

/** True where something can hold up a task: it waits, or is delayed. */
export const canBeHeldUp = ({ status }: Pick<OpenTask, 'status'>): boolean =>
  status === 'waiting' || status === 'delayed';

/** Why a task that waits or is delayed will not start, in words; `undefined` where nothing holds it up but tasks before it, or its delay. */
export function heldUpBy(task: OpenTask, { workers, queues }: FleetNow): string | undefined {
  if (!canBeHeldUp(task)) return undefined;
  const { type, queue } = task;
  const isPaused = queues.some((record) => record.queue === queue && record.isPaused);
  const able = workers.filter(({ types }) => types.includes(type));
  const isTaken = able.some((worker) => Object.hasOwn(worker.queues, queue));
  const reasons = [
    ...(isPaused ? ['its queue is paused'] : []),
    ...(able.length === 0 ? ['no live worker has a handler of this type: it waits for one'] : []),
    ...(able.length > 0 && !isTaken
      ? ['no live worker with a handler of this type takes from its queue: it waits for one']
      : []),
  ];
  return reasons.length === 0 ? undefined : reasons.join('; ');
}
