import type { Broker } from '@goflow/shared';

/**
 * Says that no live worker takes from a queue, though others are alive; where none is, the missing handler is told. Says nothing where it
 * could not be found out: it is a hint only.
 */
export async function hintOfQueue(
  broker: Broker,
  queue: string,
  note: (text: string) => void,
): Promise<void> {
  const workers = await broker.inspector.workers().catch(() => []);
  const isTaken = workers.some(({ state, queues }) => state === 'running' && queue in queues);
  if (workers.length > 0 && !isTaken)
    note(`no live worker takes from ${queue}: what is pushed there waits for one`);
}
