import type { FakeClock, MemoryBroker } from '@goflow/broker/memory';
import type { Goflow, GoflowInspector } from '@goflow/sdk';
import {
  checkKnown,
  invalidOption,
  type TaskDefinitions,
  type TaskId,
  type TaskState,
} from '@goflow/shared';
import type { Worker } from '@goflow/worker';
import type { FunctionQueue } from './function-queue.js';
import type { LeftTask, LocalStopOptions } from './local-goflow.js';
import type { Trackers } from './trackers.js';

/** What is started and stopped together. */
export interface Parts {
  readonly goflow: Goflow<TaskDefinitions>;
  readonly worker: Worker;
  readonly broker: MemoryBroker;
  readonly functions: Pick<FunctionQueue, 'name'>;
  readonly trackers: Pick<Trackers, 'told'>;
  /** A client that sees what is left, when the other is closed. */
  readonly openReader: () => Goflow<TaskDefinitions>;
}

const OPEN: readonly TaskState[] = ['active', 'waiting', 'delayed'];
const PAGE = 1_000;
/** The longest grace, and what follows it. */
const MAX_PATIENCE_MS = 3_601_000;
const LOOK_AGAIN = '100ms';

/** The beginning and the end of local mode. */
export class Stopping {
  readonly #parts: Parts;
  readonly #closeClient: () => Promise<void>;
  #starting: Promise<void> | undefined;
  #stopping: Promise<readonly LeftTask[]> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    // Its own, before local mode puts another in its place.
    this.#closeClient = parts.goflow.close.bind(parts.goflow);
  }

  /** A worker that cannot start, its port being taken, refuses all pushes with the reason. */
  begin(): void {
    const { worker, broker } = this.#parts;
    this.#starting = worker.start();
    this.#starting.catch((error: unknown) => {
      const refuse = (): Promise<never> => Promise.reject(error);
      Object.assign(broker.client, { push: refuse, pushMany: refuse });
    });
  }

  /** @throws OPTION_INVALID, and what starting and stopping the worker threw */
  async stop(options: LocalStopOptions = {}): Promise<readonly LeftTask[]> {
    checkKnown('options', options, ['waiting', 'grace']);
    const { waiting = 'report', grace } = options;
    if (waiting !== 'report' && waiting !== 'run')
      throw invalidOption('waiting', "'report' or 'run'", waiting);
    this.#stopping ??= this.#stop(waiting, grace);
    return this.#stopping;
  }

  async #stop(
    waiting: 'report' | 'run',
    grace: LocalStopOptions['grace'],
  ): Promise<readonly LeftTask[]> {
    const { worker, broker, trackers } = this.#parts;
    try {
      await this.#starting;
      if (waiting === 'run') await this.#idle();
      const stopping = worker.stop(grace === undefined ? {} : { grace });
      // Nobody else turns a fake clock now, and the patience of a stop is measured by it.
      if ('advance' in broker.clock) await (broker.clock as FakeClock).advance(MAX_PATIENCE_MS);
      await stopping;
      await trackers.told();
      // Closed before it is counted: a task that is pushed in between would be in neither.
      await this.#closeClient();
      return await this.#left();
    } finally {
      await this.#closeClient();
      await broker.consumer.close();
    }
  }

  /** Waits until nothing runs or is due. What the worker takes nothing of is not waited for: it would be for ever. */
  async #idle(): Promise<void> {
    const { goflow } = this.#parts;
    for (;;) {
      const ids = await this.#due();
      if (ids.length === 0) return;
      // One that is tried again later is delayed, and no longer waited for here.
      await goflow.waitAny(ids, { timeout: LOOK_AGAIN }).catch(() => undefined);
    }
  }

  async #due(): Promise<TaskId[]> {
    const { goflow, worker } = this.#parts;
    const paused = new Map<string, boolean>();
    for (const { queue, isPaused } of await goflow.fleet.queues()) paused.set(queue, isPaused);
    for (const [queue, concurrency] of Object.entries(worker.concurrency)) {
      const isTaken = concurrency > 0 && !paused.get(queue);
      const state: TaskState[] = isTaken ? ['active', 'waiting'] : ['active'];
      const { tasks } = await goflow.inspector.list({ queue, state }, undefined, PAGE);
      if (tasks.length > 0) return tasks.map(({ id }) => id);
    }
    return [];
  }

  async #left(): Promise<LeftTask[]> {
    const { functions, openReader } = this.#parts;
    const reader = openReader();
    const { inspector } = reader;
    try {
      const queues = new Set([functions.name, ...inspector.queues()]);
      const left = await Promise.all([...queues].map((queue) => leftIn(queue, inspector)));
      return left.flat();
    } finally {
      await reader.close();
    }
  }
}

async function leftIn(queue: string, inspector: GoflowInspector): Promise<LeftTask[]> {
  const left: LeftTask[] = [];
  let cursor: string | undefined;
  do {
    const page = await inspector.list({ queue, state: OPEN }, cursor, PAGE);
    for (const { id } of page.tasks) {
      const task = await inspector.get(id);
      if (!task) continue;
      const { type, status, payload } = task;
      left.push({ id, type, status, payload } as LeftTask);
    }
    cursor = page.next;
  } while (cursor !== undefined);
  return left;
}
