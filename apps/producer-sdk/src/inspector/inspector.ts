import {
  invalidOption,
  parseTaskId,
  type QueueCounts,
  TASK_STATES,
  type TaskState,
} from '@goflow/shared';
import { checkId } from '../check-id.js';
import { checkSignal } from '../many/check-signal.js';
import { Opener } from '../opener.js';
import { checkOptions } from './check-options.js';
import { DeadLetters } from './dead-letters.js';
import { expanded } from './expanded.js';
import { questionOf, queuesOf, type TaskFilter } from './filter.js';
import type {
  CountsOptions,
  GoflowInspector,
  TaskCounts,
  TypedTaskCounts,
} from './goflow-inspector.js';
import { type InspectorDeps, placesOf } from './inspector-deps.js';
import { listTasks, type TaskList } from './task-list.js';
import { type TaskInfo, toInfo, toWorkerInfo, type WorkerInfo } from './task-summary.js';
import { type TaskSource, walk } from './walk.js';

export type { GoflowInspector } from './goflow-inspector.js';
export type { InspectorDeps } from './inspector-deps.js';

/** Finds tasks. {@link GoflowInspector} tells what each method does. */
export class Inspector implements GoflowInspector {
  readonly deadLetters: DeadLetters;
  readonly #deps: InspectorDeps;
  readonly #source: TaskSource;

  constructor(deps: InspectorDeps) {
    this.#deps = deps;
    const opener = new Opener(deps.cipher);
    this.#source = { broker: deps.broker.inspector, isOver: deps.isOver, opener };
    this.deadLetters = new DeadLetters(deps);
  }

  counts(options: CountsOptions & { readonly types: true }): Promise<TypedTaskCounts>;
  counts(options?: CountsOptions): Promise<TaskCounts>;
  async counts(options: CountsOptions = {}): Promise<TaskCounts | TypedTaskCounts> {
    checkOptions(options, ['types', 'signal']);
    const { types = false } = options;
    if (typeof types !== 'boolean') throw invalidOption('types', 'true or false', types);
    const signal = checkSignal(options.signal);
    const { broker } = this.#deps;
    const counted = this.queues().map(
      async (queue) => [queue, await broker.counts(queue)] as const,
    );
    const queues = Object.fromEntries(await Promise.all(counted));
    const counts = { queues, totals: sumOf(Object.values(queues)) };
    return types ? { ...counts, types: await this.#countTypes(signal) } : counts;
  }

  async list(filter: TaskFilter = {}, cursor?: string, limit?: number): Promise<TaskList> {
    const question = questionOf(filter, placesOf(this.#deps));
    return listTasks(this.#source, question, { cursor, limit });
  }

  async get(id: string): Promise<TaskInfo | undefined> {
    const task = parseTaskId(checkId(id)) && this.#deps.current(await this.#deps.broker.detail(id));
    return task && toInfo(await expanded(task, this.#source.opener));
  }

  async workers(): Promise<readonly WorkerInfo[]> {
    const workers = await this.#deps.broker.inspector.workers();
    return workers.map(toWorkerInfo);
  }

  queues(): readonly string[] {
    return queuesOf(placesOf(this.#deps));
  }

  async #countTypes(signal: AbortSignal | undefined): Promise<TypedTaskCounts['types']> {
    // A map: a type may be named `constructor`.
    const types = new Map<string, Counts>();
    for (const type of this.#deps.tasks.contracts.keys()) types.set(type, sumOf([]));
    const { complete } = await walk(this.#source, questionOf({}, placesOf(this.#deps)), {
      signal,
      visit: ({ tasks }) => {
        for (const { type, state } of tasks) {
          const counts = types.get(type) ?? sumOf([]);
          counts[state] += 1;
          types.set(type, counts);
        }
        return true;
      },
    });
    if (!complete) signal?.throwIfAborted();
    return Object.fromEntries(types);
  }
}

type Counts = Record<TaskState, number>;

function sumOf(all: readonly QueueCounts[]): Counts {
  const sums = TASK_STATES.map((state) => {
    const sum = all.reduce((total, counts) => total + counts[state], 0);
    return [state, sum];
  });
  return Object.fromEntries(sums) as Counts;
}
