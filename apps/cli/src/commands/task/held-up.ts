import { setTimeout as delay } from 'node:timers/promises';
import { canBeHeldUp, heldUpBy, type OpenTask } from '@goflow/shared';
import type { AnyGoflow } from '../../connection/connect.js';

/** Why a task does not start; `undefined` where nothing holds it up, and where it could not be found out: it is a hint only. */
export async function whyHeldUp(
  task: OpenTask,
  { inspector, fleet }: Pick<AnyGoflow, 'inspector' | 'fleet'>,
): Promise<string | undefined> {
  if (!canBeHeldUp(task)) return undefined;
  try {
    const [workers, queues] = await Promise.all([inspector.workers(), fleet.queues()]);
    return heldUpBy(task, { workers, queues });
  } catch {
    return undefined;
  }
}

/** The same of a task that was waited for in vain. */
export async function whyLate(id: string, goflow: AnyGoflow): Promise<string | undefined> {
  const task = await goflow.inspector.get(id).catch(() => undefined);
  return task && whyHeldUp(task, goflow);
}

/** Who asked for the end does not wait long for a hint, as while Redis is away. */
const SOON_MS = 1_000;

/** The same of many of one type that were pushed, and were waited for in vain. */
export async function whyManyLate(
  { type, queue }: Pick<OpenTask, 'type' | 'queue'>,
  goflow: AnyGoflow,
): Promise<string | undefined> {
  const why = whyHeldUp({ type, queue, status: 'waiting' }, goflow);
  return Promise.race([why, delay(SOON_MS, undefined, { ref: false })]);
}
