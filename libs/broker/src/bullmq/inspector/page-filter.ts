import { isFinal, type PageQuestion, type TaskDetail, type TaskState } from '@goflow/shared';
import { tagKey } from '../keys.js';
import { LUA_NOW, LUA_STATE } from './lua.js';

/**
 * `keep(id)`: whether a task, or some of a chunk, may be part of the answer, so that the others need not be read. `asked`: the
 * state that is asked for. Expects the arguments of {@link filterOf} from `ARGV[filterAt]` on.
 */
export const LUA_KEEP = `
${LUA_NOW}
${LUA_STATE}
local asked, isMixed, tag, field, since = unpack(ARGV, filterAt, filterAt + 4)
isMixed = isMixed == '1'
local function keep(id)
  if tag ~= '' and not redis.call('ZSCORE', tag, id) then return false end
  if isMixed and stateOf(id) ~= asked then return false end
  if field == '' then return true end
  return (tonumber(redis.call('HGET', base .. id, field)) or 0) >= tonumber(since)
end
`;

/** What a walk does with what it meets. */
export interface Filter {
  /** Below this score it ends; '' for never. */
  readonly stopBelow: number | '';
  /** True when it lets some entries out. */
  readonly isPicky: boolean;
  /**
   * For {@link LUA_KEEP}: the state that is asked for, 1 where there are others, too, the key of a tag, a field of the job, and
   * what that must be at least. '' for what is not asked.
   */
  readonly args: readonly [
    asked: TaskState,
    isMixed: 0 | 1,
    tag: string,
    field: string,
    since: number | '',
  ];
}

/** What is left to ask of the tasks of a place. `isTag`: of the index of the tag, not of the state. */
export function filterOf(prefix: string, question: PageQuestion, isTag: boolean): Filter {
  const { queue, state, tag, since } = question;
  const isAmongFinal = isFinal(state);
  // A set of finished tasks has the time of their end as score; the index of a tag that of their push.
  const isSorted = since !== undefined && isAmongFinal !== isTag;
  const field = since === undefined || isSorted ? '' : isAmongFinal ? 'finishedOn' : 'timestamp';
  const key = tag !== undefined && !isTag ? tagKey(prefix, queue, tag) : '';
  return {
    stopBelow: isSorted ? since : '',
    isPicky: isTag || key !== '' || field !== '',
    args: [state, isTag ? 1 : 0, key, field, field === '' ? '' : (since ?? '')],
  };
}

/**
 * Whether a task that was read is an answer: it may have changed meanwhile, the index of a tag may say too much, and a task of a
 * chunk ended before its chunk did.
 */
export function isAnswer(task: TaskDetail, { state, tag, since = 0 }: PageQuestion): boolean {
  // Its worker died: it is still among the active ones, and waits for being found there.
  const isLeft = state === 'active' && task.state === 'waiting';
  const isTagged = tag === undefined || task.tags.includes(tag);
  const time = isFinal(state) ? task.finishedAt : task.pushedAt;
  return (task.state === state || isLeft) && isTagged && (time ?? 0) >= since;
}
