import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

/** What a task of the harness carries. `n` names it, whatever id goflow gives it. */
export interface Work {
  readonly n: string;
  /** Its kind, of `work-kinds.ts`. */
  readonly kind: string;
  /** How long it takes, in milliseconds. @default 0 */
  readonly ms?: number;
  /** How many attempts fail before one completes. @default 0 */
  readonly fails?: number;
  /** Filling. */
  readonly text?: string;
}

/** What a task of the harness returns. */
export interface Done {
  readonly n: string;
  /** {@link markOf} its `n`: a result that belongs to another task does not have it. */
  readonly mark: string;
  /** Of the run that did it. */
  readonly starts: number;
  readonly text?: string | undefined;
}

const payload = z.object({
  n: z.string(),
  kind: z.string(),
  ms: z.number().exactOptional(),
  fails: z.number().exactOptional(),
  text: z.string().exactOptional(),
});
const result = z.object({
  n: z.string(),
  mark: z.string(),
  starts: z.number(),
  text: z.string().exactOptional(),
});

/** The longest wait between two attempts, in milliseconds. */
export const BACKOFF_MS = 200;

const common = {
  payload,
  result,
  maxAttempts: 4,
  backoff: { type: 'fixed', delay: BACKOFF_MS },
  timeout: '1m',
} as const;

/**
 * Two queues, because each is a world of its own: on a Cluster they lie on different servers.
 *
 * @param keptMs how long finished tasks are kept, in milliseconds
 */
export function makeTasks(keptMs: number) {
  const retention = { completed: keptMs, failed: keptMs };
  return defineTasks({
    'chaos.main': { ...common, retention },
    'chaos.side': { ...common, retention, queue: 'side' },
  });
}

/** The queues of {@link makeTasks}. */
export const QUEUES = ['default', 'side'] as const;

/** What the result of a task says, so that a swapped one is seen. */
export const markOf = (n: string): string => `done ${[...n].reverse().join('')}`;
