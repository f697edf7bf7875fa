import type { Job, KeepJobs, QueueBaseOptions, RedisQueueBackend, WorkerOptions } from 'bullmq';
import type { Reply } from '../after-end.js';
import { unpackStrings } from './packed-strings.js';
import type { ForMany } from './script-for-many.js';
import { SharedCall, type Sharing } from './shared-call.js';
import type { SharedScriptCall } from './shared-calls.js';

const KEY_COUNT = 14;

/** What BullMQ makes the arguments of its call from. */
export type FinishArgs = readonly [
  job: Job,
  value: string,
  property: string,
  keep: KeepJobs,
  target: string,
  token: string,
  timestamp: number,
  fetchNext?: boolean,
  fieldsToUpdate?: Record<string, unknown>,
];

/** A job that completed and is to be kept, on its way out of its queue: stands in for the arguments of BullMQ's call. */
export class Completion {
  readonly args: FinishArgs;
  /** What a client is told when it is recorded. */
  readonly reply: Reply | undefined;

  constructor(args: FinishArgs, reply: Reply | undefined) {
    this.args = args;
    this.reply = reply;
  }
}

/** True for such an end, false for any other. */
export function isCompletion(args: FinishArgs): boolean {
  const [, , property, keep, target, , , , fieldsToUpdate] = args;
  const isCompleted = target === 'completed' && property === 'returnvalue' && !fieldsToUpdate;
  return isCompleted && keep?.count === -1;
}

/**
 * ARGV: key base, options as JSON, then of each job its id, time, return value, lock token, whether to take another, and the channel and
 * message of its reply. A reply is sent when its job is recorded; those of one channel in one message. The hash of a next job comes packed.
 */
export const FINISH_MANY: ForMany = {
  name: 'moveToFinished',
  sha256: '8e744ec5d65dbe9e7ffb6e39a96c0268bba65e4f0b1d04e2d2a42ccb71b45a6d',
  helpers: '--- Includes',
  main: 'local jobIdKey = KEYS[12]',
  task: `
local base = ARGV[1]
local opts = cjson.decode(ARGV[2])
local keys = {unpack(KEYS)}
local replies = {}
local function task(at)
  local id = ARGV[at]
  keys[12] = base .. id
  opts.token = ARGV[at + 3]
  local answer = body(keys, {id, ARGV[at + 1], 'returnvalue', ARGV[at + 2], 'completed', ARGV[at + 4], base, opts, ''})
  if type(answer) == 'table' and type(answer[1]) == 'table' then answer[1] = pack(answer[1]) end
  local channel = ARGV[at + 5]
  if channel ~= '' and (answer == 0 or type(answer) == 'table') then
    local list = replies[channel] or {}
    replies[channel] = list
    list[#list + 1] = ARGV[at + 6]
  end
  return answer
end`,
  first: 3,
  step: 7,
  isPacked: true,
  finally: `
for channel, list in pairs(replies) do
  redis.pcall('PUBLISH', channel, #list == 1 and list[1] or '[' .. table.concat(list, ',') .. ']')
end`,
};

/** The options that all completions of one worker have in common. */
export function sharedOptions(options: QueueBaseOptions): string {
  const { name, limiter, lockDuration, metrics } = options as WorkerOptions;
  const maxMetricsSize = metrics?.maxDataPoints ?? '';
  return JSON.stringify({ name, keepJobs: { count: -1 }, limiter, lockDuration, maxMetricsSize });
}

/** Arguments for many completions of one worker. */
export function argsOfCompletions(completions: readonly Completion[]): unknown[] {
  const args: unknown[] = [];
  for (const { args: given, reply } of completions) {
    const [job, value, , , , token, timestamp, fetchNext] = given;
    args.push(job.id, timestamp, value, token, fetchNext ? 1 : 0);
    args.push(reply?.channel ?? '', reply?.message ?? '');
  }
  return args;
}

/** What sharing needs to know of a worker. */
export interface FinishingWorker {
  /** Its options, as BullMQ has them. */
  readonly options: QueueBaseOptions;
  /** What is to be announced when a job completes at that time. */
  readonly replyOf: (job: Job, finishedAt: number) => Reply | undefined;
}

interface FinishingBackend {
  execCommand(client: unknown, name: string, args: unknown): Promise<unknown>;
  moveToFinishedArgs(...args: FinishArgs): unknown;
}

/** Lets the jobs of one worker that complete in one turn share calls. BullMQ's own code makes of the answers what it always does. */
export function shareFinishes(
  backend: RedisQueueBackend,
  { options, replyOf }: FinishingWorker,
  { call, sharing }: { readonly call: SharedScriptCall; readonly sharing: Sharing },
): void {
  const finishing = backend as unknown as FinishingBackend;
  const ownArgs = finishing.moveToFinishedArgs.bind(backend);
  const ownArgsOf = ({ args }: Completion): unknown[] => ownArgs(...args) as unknown[];
  const exec = finishing.execCommand.bind(backend);
  const common = [backend.keys[''], sharedOptions(options)];
  let keys: unknown[] | undefined;
  const completions = new SharedCall<Completion>({
    ...sharing,
    together: async (all) => {
      // All but one are the queue's, and that one, the job's, the script puts in.
      keys ??= ownArgsOf(all[0] as Completion).slice(0, KEY_COUNT);
      const answers = await call([...keys, ...common, ...argsOfCompletions(all)]);
      if (!Array.isArray(answers)) return answers;
      noteReplies(all, answers);
      return answers.map(readAnswer);
    },
    alone: async (one) => exec(await backend.client, FINISH_MANY.name, ownArgsOf(one)),
    // When all timers and sockets of this turn have had their say: a nextTick comes after each of them.
    atEndOfTurn: (send) => void setImmediate(send),
    lengthOf: ({ args, reply }) => args[1].length + (reply?.message.length ?? 0),
    // Its reply comes sooner then, and costs no call of its own.
    isShared: ({ reply }) => reply !== undefined,
  });
  finishing.moveToFinishedArgs = (...args) =>
    // A closing backend takes no other job, whatever it is asked: BullMQ looks at that itself.
    isCompletion(args) && !backend.closing
      ? new Completion(args, replyOf(args[0], args[6]))
      : ownArgs(...args);
  finishing.execCommand = (client, name, args) =>
    args instanceof Completion ? completions.add(args) : exec(client, name, args);
}

/** Of those that are recorded, which are answered with 0 or the next job. */
function noteReplies(all: readonly Completion[], answers: readonly unknown[]): void {
  all.forEach(({ reply }, at) => {
    const answer = answers[at];
    if (reply && (answer === 0 || Array.isArray(answer))) reply.told();
  });
}

/** What BullMQ's own call would have been answered. */
function readAnswer(answer: unknown): unknown {
  if (!Array.isArray(answer)) return answer;
  const [hash, id, ...times] = answer as unknown[];
  return Buffer.isBuffer(hash) ? [unpackStrings(hash), String(id), ...times] : answer;
}
