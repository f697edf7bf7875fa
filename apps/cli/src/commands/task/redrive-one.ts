import { contractsFor } from '../../connection/contracts.js';
import type { Context } from '../../context.js';
import { EXIT } from '../../exit-code.js';
import type { IdOutcome } from './each-id.js';

/** How a task is put back. */
export interface RedriveOne {
  /** In place of its payload. @default the payload that it has */
  readonly payload?: { readonly value: unknown } | undefined;
}

/** Puts one task back into its queue. @throws PAYLOAD_INVALID, TASK_TYPE_UNKNOWN, BROKER_UNAVAILABLE */
export async function redriveOne(
  id: string,
  { payload }: RedriveOne,
  { connect, settings }: Context,
): Promise<IdOutcome> {
  const { goflow, pushing } = await connect();
  const task = payload && (await goflow.inspector.get(id));
  const client = task
    ? pushing(await contractsFor({ type: task.type, tasks: settings.tasks }))
    : goflow;
  const options = payload ? { payload: payload.value } : {};
  const { found, redriven } = await client.inspector.deadLetters.redrive(id, options);
  const answer = { id, found, redriven };
  if (redriven) return { answer, told: 'back in its queue', code: EXIT.done };
  if (found === 'unknown') return { answer, told: '', code: EXIT.notFound };
  return { answer, told: `${found}, which cannot be run again`, code: EXIT.failed };
}
