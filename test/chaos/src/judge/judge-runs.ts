import type { TaskResult } from '@goflow/sdk';
import type { Done } from '../load/tasks.js';
import { type WorkKind, workKind } from '../load/work-kinds.js';
import type { Happened } from '../system/stage.js';
import { about, type Breach } from './breach.js';
import { mayTurnBack } from './explained.js';
import type { Evidence } from './judge.js';
import type { Story } from './stories.js';

/** Clocks of one machine, and a task that is a little early. */
const EARLY_MS = 100;
/** A cancel is heard within milliseconds, and looked up with every sign of life where its message was lost. */
const HEARD_MS = 1_000;
const NEAR_MS = 4_000;
/** Two runs are poison; a Redis that is away cannot be asked for the mark. */
const MAX_POISON_RUNS = 4;
const BIG = 20_000;

/** Judges how a task was run, beside how it ended: its attempts, its times, its fencing tokens. */
export function judgeRuns(story: Story, result: TaskResult, evidence: Evidence): Breach[] {
  const bad: Breach[] = [];
  const note = (kind: string, what: string): void => void bad.push(about(story, kind, what));
  const [first] = story.starts;
  if (first && first.at < story.pushedAt + story.delayMs - EARLY_MS)
    note(
      'too-early',
      `it began ${first.at - story.pushedAt} ms after a push with ${story.delayMs}`,
    );
  if (story.kind === 'poison' && story.starts.length > MAX_POISON_RUNS)
    note('poison-again', `it took ${story.starts.length} workers down`);
  if (result.status === 'expired' && story.effects.length > 0) note('ran-expired', 'it ran');
  bad.push(...judgeCancel(story, result, evidence.faults));
  if (result.status === 'completed' || result.status === 'failed')
    judgeAttempts(story, result, note);
  if (!mayTurnBack(evidence.faults)) judgeTokens(story, result, note);
  if (result.status === 'completed' && story.kind === 'big') {
    const { text = '' } = result.value as Done;
    if (text.length !== BIG) note('wrong-result', `its text has ${text.length} characters`);
  }
  return bad;
}

type Note = (kind: string, what: string) => void;
type Ended = Exclude<TaskResult, { status: 'unknown' | 'waiting' | 'delayed' | 'active' }>;

function judgeAttempts(story: Story, result: Ended, note: Note): void {
  const { attempts: [least, most] = [1, 1], code } = workKind(story.kind) as WorkKind;
  if ('failure' in result) {
    // Those that a fault took down are judged by their end.
    if (result.failure.code === 'TASK_POISON') return;
    if (code !== undefined && result.failure.code !== code)
      note('wrong-end', `its code is ${result.failure.code}, expected ${code}`);
  }
  const { attempts } = result;
  if (attempts < least || attempts > most)
    note('wrong-attempts', `it had ${attempts} attempts, expected ${least} to ${most}`);
}

function judgeCancel(story: Story, result: TaskResult, faults: readonly Happened[]): Breach[] {
  return story.cancels.flatMap(({ effect, at }) => {
    const late = story.effects.find((run) => run.at > at + HEARD_MS);
    if (effect === 'cancelled' && story.starts.some((run) => run.at > at) && !mayTurnBack(faults))
      return [about(story, 'ran-after-cancel', 'cancel said cancelled, and it began after that')];
    if (effect !== 'requested' || result.status !== 'completed' || !late || !isCalm(at, faults))
      return [];
    const what = `it did its work ${late.at - at} ms after it was to end`;
    return [about(story, 'cancel-unheard', what)];
  });
}

/** Nothing happened near a time. */
const isCalm = (at: number, faults: readonly Happened[]): boolean =>
  faults.every(({ from, to }) => to < at - NEAR_MS || from > at + NEAR_MS);

/** `ctx.starts` rises with every run, and the outcome is that of the last. The tasks of a chunk share the chunk’s until they leave it. */
function judgeTokens(story: Story, result: TaskResult, note: Note): void {
  if (result.id.split(':').length > 2) return;
  const tokens = story.starts.map(({ starts }) => starts);
  if (new Set(tokens).size !== tokens.length)
    note('same-starts', `its runs had ${tokens.join(', ')}`);
  if (result.status !== 'completed') return;
  const { starts } = result.value as Done;
  if (tokens.length > 0 && starts !== Math.max(...tokens))
    note('stale-outcome', `its result is of run ${starts}, runs were ${tokens.join(', ')}`);
}
