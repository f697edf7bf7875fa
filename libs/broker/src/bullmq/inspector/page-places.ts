import { isFinal, type PageQuestion, type TaskState } from '@goflow/shared';
import { queueKey, tagKey } from '../keys.js';
import type { QueueConnection } from './script.js';

/** A sorted set or a list of Redis in which tasks lie. */
export interface Place {
  readonly kind: 'set' | 'list';
  readonly key: string;
}

/** By state, in the order in which they are read: what is taken last comes first, so that all is newest first. */
const PARTS: Readonly<Record<TaskState, readonly string[]>> = {
  waiting: ['prioritized', 'wait'],
  delayed: ['delayed'],
  active: ['active'],
  completed: ['completed'],
  failed: ['failed'],
  cancelled: ['cancelled'],
  expired: ['expired'],
};

/** Where tasks of this question lie: first in the index of its tag, if it has one; then in the sets and lists of its state. */
export function placesOf(prefix: string, { queue, state, tag }: PageQuestion): readonly Place[] {
  const ofState = PARTS[state].map((part): Place => {
    const kind = part === 'wait' || part === 'active' ? 'list' : 'set';
    return { kind, key: queueKey(prefix, queue, part) };
  });
  return tag === undefined
    ? ofState
    : [{ kind: 'set', key: tagKey(prefix, queue, tag) }, ...ofState];
}

/**
 * The place to begin with: the index of the tag, or the state where that holds fewer tasks. Of a million tasks with a tag, three
 * failed: those are found among the failed ones, and not by looking at a million.
 */
export async function firstPlace(
  { redis }: QueueConnection,
  question: PageQuestion,
  places: readonly Place[],
): Promise<number> {
  if (question.tag === undefined) return 0;
  const pipeline = redis.pipeline();
  const from = isFinal(question.state) ? (question.since ?? '-inf') : '-inf';
  places.forEach(({ kind, key }, place) => {
    if (kind === 'list') pipeline.llen(key);
    else pipeline.zcount(key, place === 0 ? '-inf' : from, '+inf');
  });
  const replies = (await pipeline.exec()) ?? [];
  const [ofTag = 0, ...ofState] = replies.map(([error, count]) => {
    if (error) throw error;
    return Number(count);
  });
  return ofTag <= ofState.reduce((sum, count) => sum + count, 0) ? 0 : 1;
}
