import type { TaskResult } from '@goflow/sdk';
import { about, type Breach } from './breach.js';
import { type Causes, isRunAgainExplained } from './explained.js';
import { judgeEnd } from './judge-end.js';
import { judgeWorkers } from './judge-workers.js';
import { hasLeftChunk, type Snapshot, tasksOf } from './snapshot.js';
import type { Run, Story } from './stories.js';

/** What is judged: the ledgers, Redis from outside, and what goflow answers, all at rest. */
export interface Evidence extends Causes {
  readonly stories: ReadonlyMap<string, Story>;
  readonly snapshot: Snapshot;
  /** What `getResult` answers, by id. */
  readonly results: ReadonlyMap<string, TaskResult>;
  /** Pushes were acknowledged only when a replica had them, too: then no failover may lose any. */
  readonly isReplicated: boolean;
  /** Tasks of earlier rounds are there, too. */
  readonly isRolling: boolean;
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

/** A replica is milliseconds behind; more than this was lost otherwise. */
const MAX_LOST_BY_REDIS = 150;

/** Finds every breach in the evidence. */
export function judge(evidence: Evidence): Judgement {
  const { stories, snapshot } = evidence;
  const idsOf = idsByName(snapshot);
  const breaches: Breach[] = [
    ...judgeStructure(evidence),
    ...judgeWorkers(stories.values(), evidence),
  ];
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
    sums.duplicates += Math.max(story.effects.length - 1, 0);
    const unexplained = countUnexplained(story, evidence);
    if (unexplained === 0) continue;
    sums.unexplained += unexplained;
    const what = `it did its work ${story.effects.length} times, and no fault explains ${unexplained}`;
    breaches.push(about(story, 'duplicate', what));
  }
  if (sums.lostByRedis > MAX_LOST_BY_REDIS)
    breaches.push({ kind: 'lost', what: `${sums.lostByRedis} are too many for a failover` });
  const { unexplained, ...counted } = sums;
  return { ...counted, breaches, pushed: stories.size, unexplainedDuplicates: unexplained };
}

/** Runs that did the work again although no fault broke the one before off. */
function countUnexplained({ starts, effects }: Story, causes: Causes): number {
  const beginOf = (effect: Run): Run =>
    starts.find((run) => run.by === effect.by && run.starts === effect.starts) ?? effect;
  // A worker that was frozen does the work of its run after that of the next one.
  const runs = effects.map(beginOf).sort((a, b) => a.at - b.at);
  const pairs = runs.slice(1).map((run, index) => [runs[index] ?? run, run] as const);
  return pairs.filter(([first, next]) => !isRunAgainExplained(first, next, causes)).length;
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
function judgeStructure({ snapshot, stories, isRolling }: Evidence): Breach[] {
  const { jobs, locks, ghosts } = snapshot;
  const names = isRolling ? [] : jobs.flatMap((job) => job.names);
  const strange = names.filter((n) => !stories.has(n));
  const misplaced = jobs.filter(({ places }) => places.length !== 1);
  return [
    ...misplaced.map(({ queue, unique, places, names }) => ({
      kind: 'misplaced',
      what: `job ${unique} of ${queue} (${names[0]}) is in ${places.join(' and ') || 'no place'}`,
    })),
    ...strange.map((n) => ({ kind: 'nobody-pushed', what: `${n} is there, and nobody pushed it` })),
    ...locks.map((lock) => ({ kind: 'lease-left', what: `${lock} is left` })),
    // The sweeper may have come between two looks.
    ...(isRolling ? [] : ghosts).map((unique) => ({
      kind: 'ghost',
      what: `${unique} is in a place, and has no data`,
    })),
  ];
}
