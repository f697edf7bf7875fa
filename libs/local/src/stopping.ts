import type { FakeClock, MemoryBroker } from '@goflow/broker';
import type { Goflow } from '@goflow/sdk';
import { checkKnown, invalidOption, type TaskDefinitions } from '@goflow/shared';
import type { Worker } from '@goflow/worker';
import type { LeftTask, LocalStopOptions } from './local-goflow.js';

/** What is started and stopped together. */
export interface Parts {
  readonly goflow: Goflow<TaskDefinitions>;
  readonly worker: Worker;
  readonly broker: MemoryBroker;
}

const OPEN = ['active', 'waiting', 'delayed'] as const;
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
    const { worker, broker } = this.#parts;
    try {
      await this.#starting;
      if (waiting === 'run') await this.#idle();
      const stopping = worker.stop(grace === undefined ? {} : { grace });
      // Nobody else turns a fake clock now, and the patience of a stop is measured by it.
      if ('advance' in broker.clock) await (broker.clock as FakeClock).advance(MAX_PATIENCE_MS);
      await stopping;
      return await this.#left();
    } finally {
      await this.#closeClient();
      await broker.consumer.close();
    }
  }

  /** Waits until nothing runs or is due. */
  async #idle(): Promise<void> {
    const { goflow } = this.#parts;
    for (;;) {
      const { tasks } = await goflow.inspector.list(
        { state: ['active', 'waiting'] },
        undefined,
        PAGE,
      );
      if (tasks.length === 0) return;
      // One that is tried again later is delayed, and no longer waited for here.
      await goflow
        .waitAny(
          tasks.map(({ id }) => id),
          { timeout: LOOK_AGAIN },
        )
        .catch(() => undefined);
    }
  }

  async #left(): Promise<LeftTask[]> {
    const { inspector } = this.#parts.goflow;
    const left: LeftTask[] = [];
    let cursor: string | undefined;
    do {
      const page = await inspector.list({ state: [...OPEN] }, cursor, PAGE);
      for (const { id } of page.tasks) {
        const task = await inspector.get(id);
        if (task)
          left.push({
            id,
            type: task.type,
            status: task.status,
            payload: task.payload,
          } as LeftTask);
      }
      cursor = page.next;
    } while (cursor !== undefined);
    return left;
  }
}
