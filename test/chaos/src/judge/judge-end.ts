import type { TaskResult } from '@goflow/sdk';
import { type Done, markOf } from '../load/tasks.js';
import { type WorkKind, workKind } from '../load/work-kinds.js';
import { about, type Breach } from './breach.js';
import { isPoisonExplained, mayBeForgotten, mayTurnBack } from './explained.js';
import type { Evidence } from './judge.js';
import { judgeRuns } from './judge-runs.js';
import type { Story } from './stories.js';

/** What became of one task, beside its breaches. */
export type Fate = 'fine' | 'lost' | 'lostByRedis' | 'stuck';

interface Found {
  readonly fate: Fate;
  readonly breaches: readonly Breach[];
}

/** What a push may be refused with while things are broken. */
const MAY_REFUSE = ['BROKER_UNAVAILABLE', 'BROKER_REFUSED', 'REPLICAS_MISSING'];
/** A wait ends when its time is up: 25 s, and a process that is busy. */
const MAX_WAIT_MS = 30_000;
/** Longer than a client may take to see an outcome that is there: its longest pause between two looks, and a cut connection. */
const MAY_MISS_MS = 15_000;

/** Judges how one task ended: against what was acknowledged, what its kind may end as, and what was seen of it. */
export function judgeEnd(story: Story, stored: readonly string[], evidence: Evidence): Found {
  const breaches = judgeAnswers(story, stored, evidence);
  const [id] = [...story.ids, ...stored];
  // Refused, and not there.
  if (id === undefined) return { fate: 'fine', breaches };
  const result = evidence.results.get(id) ?? { status: 'unknown', id };
  if (result.status === 'unknown') return judgeGone(story, breaches, evidence);
  if (isOpen(result)) {
    const what = `it is still ${result.status}, ${story.starts.length} runs`;
    return { fate: 'stuck', breaches: [...breaches, about(story, 'stuck', what)] };
  }
  return { fate: 'fine', breaches: [...breaches, ...judgeResult(story, result, evidence)] };
}

const isOpen = ({ status }: TaskResult): boolean =>
  status === 'waiting' || status === 'delayed' || status === 'active';

/** What pushes of it were answered. */
function judgeAnswers(story: Story, stored: readonly string[], { deaths }: Evidence): Breach[] {
  const breaches: Breach[] = [];
  const isSilent = story.ackedAt.length === 0 && story.refused.length === 0;
  if (isSilent && !deaths.has(story.by))
    breaches.push(about(story, 'no-answer', 'its push was neither acknowledged nor refused'));
  if (story.ids.size > 1)
    breaches.push(about(story, 'ids-differ', `its pushes gave ${[...story.ids].join(', ')}`));
  for (const { code } of story.refused)
    if (!MAY_REFUSE.includes(code)) breaches.push(about(story, 'odd-error', `push: ${code}`));
  const isUnsent = story.refused.every(({ sent }) => !sent);
  if (story.ids.size === 0 && story.refused.length > 0 && isUnsent && stored.length > 0)
    breaches.push(about(story, 'sent-after-all', 'nothing was sent, said its push; it is there'));
  return breaches;
}

function judgeGone(
  story: Story,
  breaches: readonly Breach[],
  { faults, isReplicated }: Evidence,
): Found {
  if (story.ackedAt.length === 0) return { fate: 'fine', breaches };
  const queue = [...story.ids][0]?.split(':')[0] ?? '';
  if (!isReplicated && story.ackedAt.every((at) => mayBeForgotten(at, queue, faults)))
    return { fate: 'lostByRedis', breaches };
  const what = 'its push was acknowledged, and it is gone';
  return { fate: 'lost', breaches: [...breaches, about(story, 'lost', what)] };
}

function judgeResult(story: Story, result: TaskResult, evidence: Evidence): Breach[] {
  const breaches: Breach[] = [];
  const bad = (kind: string, what: string): void => void breaches.push(about(story, kind, what));
  const kind = workKind(story.kind) as WorkKind;
  const { status } = result;
  const code = 'failure' in result ? result.failure.code : undefined;
  const isUnlucky = code === 'TASK_POISON' && isPoisonExplained(story, evidence);
  if (!kind.ends.includes(status as never) && !isUnlucky)
    bad('wrong-end', `it ended as ${status}${code === undefined ? '' : ` (${code})`}`);
  if (status === 'completed') {
    const done = result.value as Done;
    if (done.n !== story.n || done.mark !== markOf(story.n))
      bad('wrong-result', `its result is ${JSON.stringify(done).slice(0, 100)}`);
    if (story.effects.length === 0) bad('no-effect', 'it completed, and its work was not done');
  }
  breaches.push(...judgeSeen(story, result, evidence), ...judgeRuns(story, result, evidence));
  return breaches;
}

/** An outcome is final: what anybody saw of it is what it is. */
function judgeSeen(story: Story, result: TaskResult, { faults }: Evidence): Breach[] {
  const breaches: Breach[] = [];
  const bad = (kind: string, what: string): void => void breaches.push(about(story, kind, what));
  for (const { status, mark, forMs } of story.seen) {
    if (forMs > MAX_WAIT_MS) bad('wait-too-long', `a wait of 25 s took ${forMs} ms`);
    if (status === 'completed' && mark !== markOf(story.n))
      bad('wrong-result', `a wait saw ${mark}`);
    if (status !== result.status && !mayTurnBack(faults))
      bad('outcome-changed', `a wait saw ${status}, now it is ${result.status}`);
  }
  if (
    story.cancels.some(({ effect }) => effect === 'cancelled') &&
    result.status !== 'cancelled' &&
    !mayTurnBack(faults)
  )
    bad('outcome-changed', `cancel said cancelled, now it is ${result.status}`);
  const endedAt = 'finishedAt' in result ? (result.finishedAt?.getTime() ?? 0) : 0;
  for (const { code, at, forMs } of story.unseen) {
    if (forMs > MAX_WAIT_MS) bad('wait-too-long', `a wait of 25 s took ${forMs} ms`);
    if (code !== 'WAIT_TIMEOUT') bad('odd-error', `wait: ${code}`);
    else if (endedAt < at - MAY_MISS_MS)
      bad('wait-too-long', `a wait of ${forMs} ms did not see it end ${at - endedAt} ms before`);
  }
  return breaches;
}
