import { type Broker, type QueueRates, type QueueRecord, queueRatesOf } from '@goflow/shared';

/** A queue, and what became of its tasks of late. */
export type QueueLoad = QueueRecord & QueueRates;

/** So many of the tasks that ended last are looked at, in each queue and state. */
const MOST_TASKS = 200;

/** All queues with what became of their tasks in the last `overMs`. */
export async function readRates(broker: Broker, overMs: number): Promise<readonly QueueLoad[]> {
  const queues = await broker.fleet.queues();
  const at = broker.clock.now();
  return Promise.all(queues.map((queue) => loadOf(broker, queue, { at, since: at - overMs })));
}

async function loadOf(
  { inspector }: Broker,
  record: QueueRecord,
  { at, since }: { readonly at: number; readonly since: number },
): Promise<QueueLoad> {
  const { queue, counts } = record;
  const ended = async (state: 'completed' | 'failed') => {
    if (counts[state] === 0) return [];
    return (await inspector.page({ queue, state, since, limit: MOST_TASKS })).tasks;
  };
  const [completed, failed] = await Promise.all([ended('completed'), ended('failed')]);
  return { ...record, ...queueRatesOf({ at, since, completed, failed, most: MOST_TASKS }) };
}
