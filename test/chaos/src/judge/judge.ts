import type { TaskResult } from '@goflow/sdk';
import type { Happened } from '../system/stage.js';
import { isRepeatExplained } from './explained.js';
import { about, judgeEnd } from './judge-end.js';
import { hasLeftChunk, type Snapshot, tasksOf } from './snapshot.js';
import type { Story } from './stories.js';

/** Something that goflow promises, and did not keep. */
export interface Breach {
  readonly kind: string;
  readonly what: string;
  /** The task, where it is about one. */
  readonly n?: string;
}

/** What is judged: the ledgers, Redis from outside, and what goflow answers, all at rest. */
export interface Evidence {
  readonly stories: ReadonlyMap<string, Story>;
  readonly snapshot: Snapshot;
  /** What `getResult` answers, by id. */
  readonly results: ReadonlyMap<string, TaskResult>;
  readonly faults: readonly Happened[];
  /** Pushes were acknowledged only when a replica had them, too: then no failover may lose any. */
  readonly isReplicated: boolean;
}

/** What came of some tasks. */
export interface Judgement {
  readonly breaches: readonly Breach[];
  readonly pushed: number;
  readonly acknowledged: number;
  /** Acknowledged, and gone. */
  readonly lost: number;
  /** Acknowledged, and gone because Redis made a replica its master that did not have them. */
  readonly lostByRedis: number;
  /** Runs beyond the first that did the work of a task. */
  readonly duplicates: number;
  readonly unexplainedDuplicates: number;
  readonly stuck: number;
}

/** Finds every breach in the evidence. */
export function judge(evidence: Evidence): Judgement {
  const { stories, snapshot } = evidence;
  const idsOf = idsByName(snapshot);
  const breaches: Breach[] = [...judgeStructure(snapshot)];
  const sums = {
    acknowledged: 0,
    lost: 0,
    lostByRedis: 0,
    duplicates: 0,
    unexplained: 0,
    stuck: 0,
  };
  for (const story of stories.values()) {
    const stored = idsOf.get(story.n) ?? [];
    if (story.ackedAt.length > 0) sums.acknowledged += 1;
    if (stored.length > 1)
      breaches.push(about(story, 'pushed-twice', `one push is ${stored.length} tasks: ${stored}`));
    const found = judgeEnd(story, stored, evidence);
    breaches.push(...found.breaches);
    if (found.fate !== 'fine') sums[found.fate] += 1;
    const extra = Math.max(story.effects.length - 1, 0);
    sums.duplicates += extra;
    if (extra === 0 || isRepeatExplained(story, evidence.faults)) continue;
    sums.unexplained += extra;
    breaches.push(about(story, 'duplicate', `it ran ${extra + 1} times, and no fault explains it`));
  }
  const { unexplained, ...counted } = sums;
  return { ...counted, breaches, pushed: stories.size, unexplainedDuplicates: unexplained };
}

/** The ids that Redis holds for each name: more than one is a push that made two tasks. */
export function idsByName(snapshot: Snapshot): Map<string, string[]> {
  const ids = new Map<string, string[]>();
  for (const job of snapshot.jobs) {
    if (hasLeftChunk(job)) continue;
    for (const [n, id] of tasksOf(job)) ids.set(n, [...(ids.get(n) ?? []), id]);
  }
  return ids;
}

/** At rest every job is in one place, has a hash, and nobody holds a lease. */
function judgeStructure({ jobs, locks, ghosts }: Snapshot): Breach[] {
  const misplaced = jobs.filter(({ places }) => places.length !== 1);
  return [
    ...misplaced.map(({ queue, unique, places, names }) => ({
      kind: 'misplaced',
      what: `job ${unique} of ${queue} (${names[0]}) is in ${places.join(' and ') || 'no place'}`,
    })),
    ...locks.map((lock) => ({ kind: 'lease-left', what: `${lock} is left` })),
    ...ghosts.map((unique) => ({
      kind: 'ghost',
      what: `${unique} is in a place, and has no data`,
    })),
  ];
}
