import { expandJson, isCompressed, type TaskDetail } from '@goflow/shared';

/** A task with payload and result as they were given. What cannot be read is shown as it lies there. */
export async function expanded(task: TaskDetail): Promise<TaskDetail> {
  if (!isCompressed(task.payload) && !isCompressed(task.result)) return task;
  const [payload, result] = await Promise.all([readable(task.payload), readable(task.result)]);
  return { ...task, payload, result };
}

async function readable(value: unknown): Promise<unknown> {
  try {
    return await expandJson(value);
  } catch {
    return value;
  }
}
