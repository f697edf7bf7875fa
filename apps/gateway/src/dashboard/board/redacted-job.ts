import {
  type Goflow,
  redactPayload,
  type TaskDefinitions,
  type TaskInfo,
  type Tasks,
} from '@goflow/sdk';
import {
  ENCRYPTED_TEXT,
  ENCRYPTED_VERSION,
  expandJson,
  isEncrypted,
  parseTaskId,
  taskIdOf,
} from '@goflow/shared';

/** A job as BullMQ gives it: what of it is shown otherwise. */
export interface JobJson {
  readonly id?: string | number | null | undefined;
  readonly name: string;
  readonly data: unknown;
  readonly returnvalue: unknown;
  readonly failedReason: string;
  readonly stacktrace: string[] | null;
  readonly progress: string | boolean | number | object;
  readonly opts: unknown;
}

/** What is shown in place of what is stored. */
export type RedactedJob = Partial<JobJson>;

/** Where jobs are looked up as tasks. */
export interface JobDeps {
  readonly goflow: Goflow<TaskDefinitions>;
  readonly tasks: Tasks;
}

/**
 * What of a job is shown as goflow shows it: payload and result decoded, what the contract redacts left out, the failure in words. What is
 * encrypted is hidden: it is on the task's page, for a gateway that has the key.
 */
export async function redactJob(job: JobJson, queue: string, deps: JobDeps): Promise<RedactedJob> {
  const { v: version = 1, c: size } = job.opts as { readonly v?: number; readonly c?: number };
  const isSealed = version >= ENCRYPTED_VERSION;
  if (size !== undefined) return { data: await chunkOf(job, size, deps.tasks) };
  const id = taskIdOf(queue, String(job.id));
  const task = parseTaskId(id) && (await deps.goflow.inspector.get(id));
  if (!task) return { data: await payloadOf(job.data, job.name, deps.tasks) };
  const { failure, progress } = task;
  return {
    data: isSealed ? ENCRYPTED_TEXT : redactPayload(deps.tasks, task.type, task.payload),
    returnvalue: isEncrypted(job.returnvalue) ? ENCRYPTED_TEXT : resultOf(task),
    progress: isEncrypted(job.progress) ? ENCRYPTED_TEXT : ((progress as JobJson['progress']) ?? 0),
    failedReason: spellFailure(failure, isSealed),
    stacktrace: failure?.stack === undefined || isSealed ? [] : [failure.stack],
  };
}

const resultOf = ({ isStored, result }: TaskInfo): unknown =>
  isStored ? 'in the result store' : (result ?? null);

function spellFailure(failure: TaskInfo['failure'], isSealed: boolean): string {
  if (!failure) return '';
  return `${failure.name}: ${isSealed ? ENCRYPTED_TEXT : failure.message}`;
}

async function chunkOf({ data, name }: JobJson, size: number, tasks: Tasks): Promise<object> {
  const payloads: readonly unknown[] = Array.isArray(data) ? data : [];
  const redacted = payloads.map((payload) => payloadOf(payload, name, tasks));
  return {
    chunk: `one entry of the queue that carries ${size} tasks: each has an id, a result and attempts of its own, see its page`,
    payloads: await Promise.all(redacted),
  };
}

/** A payload as it is stored. Of one that is compressed nothing could be redacted. */
async function payloadOf(stored: unknown, type: string, tasks: Tasks): Promise<unknown> {
  return isEncrypted(stored)
    ? ENCRYPTED_TEXT
    : redactPayload(tasks, type, await expandJson(stored));
}
