import type { JobJson, RedisQueueBackend } from 'bullmq';
import type { ForMany } from './script-for-many.js';
import { SharedCall, type Sharing } from './shared-call.js';
import type { SharedScriptCall } from './shared-calls.js';

const KEY_COUNT = 9;

/** A job on its way into its queue. */
export interface Addition {
  readonly job: JobJson;
  readonly id: string;
}

/** ARGV: key base, then of each job its id, name, time, deduplication key or '', data and options as JSON. */
export const ADD_MANY: ForMany = {
  name: 'addStandardJob',
  sha256: '2eee45c9ffc54d24681b737f926016a7f7464f0d32a5f87f623bffa2fc55413c',
  helpers: '-- Includes',
  main: 'if parentKey ~= nil then\n    if rcall("EXISTS", parentKey) ~= 1',
  task: `
local base = ARGV[1]
local function task(at)
  local args = {base, ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])}
  if ARGV[at + 3] ~= '' then args[9] = ARGV[at + 3] end
  return body(KEYS, {args, ARGV[at + 4], cjson.decode(ARGV[at + 5])})
end`,
  first: 2,
  step: 6,
};

/** True for a job that BullMQ would add with this script, and that has nothing which is not passed on here. */
export function isShareable({ opts, parent, parentKey, repeatJobKey }: JobJson): boolean {
  const isPlain = !opts.delay && !opts.priority && !opts.lifo;
  return isPlain && !parent && !parentKey && !repeatJobKey;
}

/** Arguments for many jobs of one queue. */
export function argsOfAdditions(keyBase: string, additions: readonly Addition[]): unknown[] {
  const args: unknown[] = [keyBase];
  for (const { job, id } of additions) {
    const { name, timestamp, deduplicationId, data, opts } = job;
    const deduplicationKey = deduplicationId ? `${keyBase}de:${deduplicationId}` : '';
    args.push(id, name, timestamp, deduplicationKey, data, JSON.stringify(opts));
  }
  return args;
}

interface AddingBackend {
  readonly keys: Readonly<Record<string, string>>;
  addJob(job: JobJson, id?: string, parent?: object): Promise<unknown>;
  addStandardJobArgs(job: { readonly data: string }, opts: string, args: unknown[]): unknown[];
}

/** Lets the jobs that are added to one queue in one turn share calls. */
export function sharePushes(
  backend: RedisQueueBackend,
  call: SharedScriptCall,
  sharing: Sharing,
): void {
  const adding = backend as unknown as AddingBackend;
  const addJob = adding.addJob.bind(backend);
  const keyBase = adding.keys[''] ?? '';
  // The keys are the queue's, whatever the job.
  const keys = adding.addStandardJobArgs({ data: '' }, '', []).slice(0, KEY_COUNT);
  const additions = new SharedCall<Addition>({
    ...sharing,
    together: (all) => call([...keys, ...argsOfAdditions(keyBase, all)]),
    alone: ({ job, id }) => addJob(job, id),
    // After the promises that are settled already, which bring most of the others. Whoever pushes one after another waits for it.
    atEndOfTurn: (send) => process.nextTick(send),
    lengthOf: ({ job }) => job.data.length,
  });
  // The answer needs no look at it: BullMQ refuses only jobs with a parent, and those share nothing.
  adding.addJob = (job, id, parent) =>
    id !== undefined && !parent && isShareable(job)
      ? additions.add({ job, id })
      : addJob(job, id, parent);
}
