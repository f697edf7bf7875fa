import type { QueueCounts } from '@goflow/shared';
import type { IQueueBackend } from 'bullmq';

/** How many tasks a queue holds, by state. Constant time in Redis. */
export async function readCounts(backend: IQueueBackend): Promise<QueueCounts> {
  const [wait = 0, prioritized = 0, delayed = 0, active = 0, completed = 0, failed = 0] =
    await backend.getCounts(['wait', 'prioritized', 'delayed', 'active', 'completed', 'failed']);
  return { waiting: wait + prioritized, delayed, active, completed, failed };
}
