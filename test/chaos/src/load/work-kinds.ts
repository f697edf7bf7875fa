import type { PushOptions } from '@goflow/sdk';
import type { Random } from '../plan/random.js';
import type { Work } from './tasks.js';

/** How a task may end. */
export type End = 'completed' | 'failed' | 'cancelled' | 'expired';

/** One kind of task that producers push. */
export interface WorkKind {
  readonly weight: number;
  /** The ends that are right for it. */
  readonly ends: readonly End[];
  readonly work?: (random: Random) => Partial<Work>;
  readonly options?: (random: Random, n: string) => PushOptions;
  /** How many are pushed with one call. @default 1 */
  readonly many?: number;
  /** The kinds of the tasks of one call, in turn. @default this one */
  readonly mix?: readonly string[];
  /** How many attempts the task has had at its end: least and most. @default 1, 1 */
  readonly attempts?: readonly [least: number, most: number];
  /** The code of its failure. */
  readonly code?: string;
  /** How many of them one entry of the queue carries. */
  readonly chunk?: number;
  /** How often the same push is made, at the same time. @default 1 */
  readonly times?: number;
  /** Cancelled so long after its push, in milliseconds. */
  readonly cancelMs?: number;
}

/** Every kind, by name. The handler of `worker-program.ts` does what the name says. */
export const WORK_KINDS = {
  plain: { weight: 50, ends: ['completed'] },
  slow: { weight: 14, ends: ['completed'], work: (random) => ({ ms: random.between(50, 1_500) }) },
  flaky: {
    weight: 6,
    ends: ['completed'],
    attempts: [2, 3],
    work: (random) => ({ fails: random.between(1, 2) }),
  },
  failing: { weight: 3, ends: ['failed'], attempts: [2, 2], options: () => ({ maxAttempts: 2 }) },
  odd: { weight: 3, ends: ['failed'], attempts: [2, 2], options: () => ({ maxAttempts: 2 }) },
  fatal: { weight: 2, ends: ['failed'], code: 'NON_RETRYABLE' },
  overtime: {
    weight: 2,
    ends: ['failed'],
    code: 'TASK_TIMEOUT',
    work: () => ({ ms: 1_500 }),
    options: () => ({ timeout: 300, maxAttempts: 1 }),
  },
  big: { weight: 4, ends: ['completed'], work: () => ({ text: 'x'.repeat(20_000) }) },
  delayed: {
    weight: 6,
    ends: ['completed'],
    options: (random) => ({ delay: random.between(100, 2_000) }),
  },
  ranked: {
    weight: 4,
    ends: ['completed'],
    options: (random) => ({ priority: random.between(1, 5) }),
  },
  own: { weight: 4, ends: ['completed'], options: (_, n) => ({ id: `own ${n}` }), times: 3 },
  cancelled: {
    weight: 4,
    ends: ['cancelled', 'completed'],
    options: () => ({ delay: 2_000 }),
    cancelMs: 20,
  },
  stopped: {
    weight: 3,
    ends: ['cancelled', 'completed'],
    work: () => ({ ms: 1_500 }),
    cancelMs: 300,
  },
  hurried: {
    weight: 2,
    ends: ['expired', 'completed'],
    options: (random) => ({ startBy: random.between(1, 400) }),
  },
  many: { weight: 3, ends: ['completed'], many: 20 },
  chunked: { weight: 4, ends: ['completed'], many: 30, chunk: 10 },
  mixed: {
    weight: 3,
    ends: [],
    many: 12,
    chunk: 6,
    mix: ['plain', 'fatal', 'flaky', 'slow', 'big', 'plain'],
  },
} as const satisfies Record<string, WorkKind>;

/** Pushed only as part of a fault. */
const FAULTY_KINDS = {
  /** It kills its process, each time. */
  poison: { weight: 0, ends: ['failed'], code: 'TASK_POISON', attempts: [0, 1] },
  /** It does not heed its signal, for longer than a worker may take to stop. */
  deaf: { weight: 0, ends: ['completed'], work: () => ({ ms: 9_000 }) },
} as const satisfies Record<string, WorkKind>;

/** The name of a kind. */
export type WorkName = keyof typeof WORK_KINDS | keyof typeof FAULTY_KINDS;

/** What is known of a kind. */
export function workKind(name: string): WorkKind | undefined {
  const kinds: Readonly<Record<string, WorkKind>> = { ...WORK_KINDS, ...FAULTY_KINDS };
  return Object.hasOwn(kinds, name) ? kinds[name] : undefined;
}

/** Draws a kind by weight. */
export function drawKind(random: Random): WorkName {
  const names = Object.keys(WORK_KINDS) as (keyof typeof WORK_KINDS)[];
  return random.pickWeighted(names.map((name) => ({ name, weight: WORK_KINDS[name].weight }))).name;
}
