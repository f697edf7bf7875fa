import { isWrapped, type TaskDetail } from '@goflow/shared';
import { inPlace, type Opener } from '../opener.js';

/** A task to be shown, with all that it holds as it was given. What cannot be read is shown as it lies there; as `(encrypted)` without the key. */
export async function expanded(task: TaskDetail, opener: Opener): Promise<TaskDetail> {
  const told = opener.withReport(task);
  if (!isWrapped(task.payload) && !isWrapped(task.result)) return told;
  const [payload, result] = await Promise.all([
    readable(task.payload, () => opener.payload(task)),
    readable(task.result, () => opener.result(task.result, task)),
  ]);
  return { ...told, payload, result };
}

async function readable(stored: unknown, read: () => unknown): Promise<unknown> {
  try {
    return await read();
  } catch (error) {
    return inPlace(error, stored);
  }
}
