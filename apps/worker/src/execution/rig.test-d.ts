// No test: what the tests of running a task are made with. Named so that it is left out of what is built.
import {
  defineTasks,
  type Logger,
  type TakenTask,
  type TaskContract,
  type TaskNews,
} from '@goflow/shared';
import { z } from 'zod';

/** A task as a broker would give it. What it reports is kept in {@link Taken.news}. */
export interface Taken extends TakenTask {
  readonly news: TaskNews[];
}

export function takenTask(given: Partial<TakenTask> = {}): Taken {
  const controller = new AbortController();
  const news: TaskNews[] = [];
  return {
    id: 'default:1',
    queue: 'default',
    type: 'a',
    payload: 'hi',
    readable: true,
    attempt: 1,
    starts: 1,
    maxAttempts: undefined,
    backoff: undefined,
    timeoutMs: undefined,
    startBy: undefined,
    deadline: undefined,
    retention: undefined,
    tags: [],
    traceparent: undefined,
    stalls: 0,
    wasBegun: false,
    pushedAt: 0,
    dueAt: 0,
    signal: controller.signal,
    get isAborted() {
      return controller.signal.aborted;
    },
    abort: (reason) => controller.abort(reason),
    report: async (told) => void news.push(told),
    news,
    ...given,
  };
}

/** The contract of a type `a` that takes and gives anything, unless said otherwise. */
export function contractOfA(definition: object = {}): TaskContract {
  const tasks = defineTasks({ a: { payload: z.any(), result: z.any(), ...definition } });
  const contract = tasks.contracts.get('a');
  if (!contract) throw new Error('there is no contract of a');
  return contract;
}

/** One line that was logged. */
export interface Line {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** Those of the logger's fathers among them. */
  readonly fields: object;
  readonly message: string | undefined;
}

/** A logger whose lines can be looked at. */
export function openLogger(lines: Line[] = [], bound: object = {}): Logger & { lines: Line[] } {
  const line = (level: Line['level']) => (fields: object, message?: string) => {
    lines.push({ level, fields: { ...bound, ...fields }, message });
  };
  return {
    lines,
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    child: (fields) => openLogger(lines, { ...bound, ...fields }),
  };
}
