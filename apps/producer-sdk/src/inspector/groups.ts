import type { DeadLetterReason, TaskDetail, TaskId } from '@goflow/shared';
import { causeOf } from './cause.js';

/** Dead letters that failed in the same way. */
export interface DeadLetterGroup {
  /** What they have in common; a filter takes it. */
  readonly fingerprint: string;
  readonly type: string;
  readonly reason: DeadLetterReason;
  readonly count: number;
  /** Of the newest failure; at most 500 characters. */
  readonly message: string;
  /** When the oldest and the newest of them ended. */
  readonly firstAt: Date;
  readonly lastAt: Date;
  /** The ids of some of them, at most 5. */
  readonly sample: readonly TaskId[];
}

const MAX_SAMPLE = 5;
const MAX_MESSAGE = 500;
/** Nobody looks at more, and each takes memory: failures that are all different would take that of all. */
const MAX_GROUPS = 10_000;

interface Group {
  readonly fingerprint: string;
  readonly type: string;
  reason: DeadLetterReason;
  count: number;
  message: string;
  firstAt: number;
  lastAt: number;
  readonly sample: TaskId[];
}

/** Gathers dead letters by how they failed, in the memory of one of each kind. */
export class DeadLetterGroups {
  readonly #groups = new Map<string, Group>();

  add(task: TaskDetail): void {
    const cause = causeOf(task);
    if (!cause) return;
    const { fingerprint, reason, failure } = cause;
    const at = task.finishedAt ?? task.pushedAt;
    const group = this.#groupOf(fingerprint, task.type);
    group.count += 1;
    group.firstAt = Math.min(group.firstAt, at);
    if (group.sample.length < MAX_SAMPLE) group.sample.push(task.id);
    if (at <= group.lastAt) return;
    group.lastAt = at;
    group.reason = reason;
    group.message = cut(failure.message);
  }

  /** Whether there are so many that no more should come. */
  get isFull(): boolean {
    return this.#groups.size >= MAX_GROUPS;
  }

  /** The largest first. */
  list(): DeadLetterGroup[] {
    const groups = [...this.#groups.values()];
    groups.sort((a, b) => b.count - a.count || b.lastAt - a.lastAt);
    return groups.map((group) => ({
      ...group,
      firstAt: new Date(group.firstAt),
      lastAt: new Date(group.lastAt),
    }));
  }

  #groupOf(fingerprint: string, type: string): Group {
    let group = this.#groups.get(fingerprint);
    if (!group) {
      const [firstAt, lastAt] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      const empty = { count: 0, message: '', reason: 'exhausted', sample: [] } as const;
      group = { fingerprint, type, ...empty, sample: [], firstAt, lastAt };
      this.#groups.set(fingerprint, group);
    }
    return group;
  }
}

function cut(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE - 1)}…`;
}
