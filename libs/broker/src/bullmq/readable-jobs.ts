import type { RedisQueueBackend } from 'bullmq';
import { isIntact, isReadable, mended, mendingOf, standIn } from './job-fields.js';
import { type MendingPlace, mendActive, mendJob, mendStalled } from './mend-jobs.js';
import { troubleOf } from './redis-reply-error.js';

/** The calls that answer with a job: its hash as a list of names and values, its id, and two times. */
const BRINGING = new Set(['moveToActive', 'moveToFinished', 'moveToDelayed']);
/** Looks for lost workers, once in half a lease. */
const LOOKING = 'moveStalledJobsToWait';
/** These touch jobs that this worker has not seen, and fail as a whole when one of them is none. */
const TOUCHING = new Set([...BRINGING, LOOKING]);

type Exec = (client: unknown, name: string, args: unknown) => Promise<unknown>;

/**
 * Lets a job whose hash in Redis is no job come through as one that cannot be read, which becomes a dead letter. BullMQ throws while it
 * decodes such a hash, after it has taken the job: it would stall, be taken again, and stall, for ever. What is none at all, such as a key of
 * another type, is taken out of the queue. Counters with which Redis cannot count become 0, and links to a parent or a repetition go.
 */
export function readableJobs(backend: RedisQueueBackend, place: MendingPlace): RedisQueueBackend {
  const calls = backend as unknown as { execCommand: Exec };
  const exec = calls.execCommand.bind(backend);
  const read = (answer: unknown): unknown => readable(answer, place);
  calls.execCommand = (client, name, args) => {
    if (!TOUCHING.has(name)) return exec(client, name, args);
    const answer =
      name === LOOKING
        ? mendStalled(place).then(() => exec(client, name, args))
        : exec(client, name, args);
    return answer.then(BRINGING.has(name) ? read : undefined, async (error: unknown) => {
      // One job that is none makes a script fail, for all others, too.
      if (troubleOf(error).kind !== 'refused' || !(await mendActive(place))) throw error;
      return read(await exec(client, name, args));
    });
  };
  return backend;
}

function readable(answer: unknown, place: MendingPlace): unknown {
  if (!Array.isArray(answer) || !Array.isArray(answer[0])) return answer;
  const fields = answer[0] as string[];
  if (isIntact(fields)) return answer;
  const mending = mendingOf(fields);
  // Sent before whatever ends the job, and so carried out before it.
  void mendJob(place, String(answer[1]), mending);
  answer[0] = isReadable(fields) ? mended(fields, mending) : standIn(fields);
  return answer;
}
