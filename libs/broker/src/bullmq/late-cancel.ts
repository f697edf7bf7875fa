import type { TaskId } from '@goflow/shared';
import { type EndSettings, sendReply } from './after-end.js';
import { cancelTask } from './cancel-task.js';
import { bullJobId } from './keys.js';
import { readTasks } from './read-tasks.js';

/**
 * Cancels a task that was asked to end while its attempt was ending, and now waits for another. The wish was written before the task was
 * put away, and then it is found here, or after, and then whoever cancelled found the task where it waits.
 */
export function lookForWish(settings: EndSettings, id: TaskId): void {
  cancelIfWished(settings, id).catch(settings.report);
}

async function cancelIfWished(settings: EndSettings, id: TaskId): Promise<void> {
  const { redis, prefix, cancellations } = settings;
  const queue = id.slice(0, id.indexOf(':'));
  const unique = bullJobId(id) ?? '';
  const reason = await cancellations.find(queue, unique);
  if (reason === undefined) return;
  const { effect, replyTo } = await cancelTask(settings, id, reason);
  if (effect !== 'cancelled') return;
  cancellations.forget(queue, unique);
  const [record] = await readTasks(redis, prefix, [id]);
  if (record && replyTo !== undefined) sendReply(settings, replyTo, { record });
}
