import {
  type Clock,
  GoflowError,
  type Logger,
  type ResolvedRetention,
  type ResultStore,
  type TakenTask,
  toFailure,
  type Verdict,
} from '@goflow/shared';
import type { AttemptTraces } from './attempt-traces.js';
import { loggedFailure, taskFields } from './task-fields.js';

/** Where results are kept that do not stay with their task. */
export interface ResultKeeperOptions {
  readonly store: ResultStore;
  /** Results of more bytes than this, as they would be stored, go to the store; smaller ones stay with their task. */
  readonly aboveBytes: number;
  readonly limitBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly traces?: AttemptTraces | undefined;
}

/** Pauses between tries, in milliseconds. */
const PAUSES_MS = [100, 400];
/** One try may take this long. */
const PUT_MS = 5_000;
const AWAY_MS = 1_000;
const MAX_AWAY_MS = 60_000;

/**
 * Keeps results in a store, before their task completes. When the store is away, the task is handed back, no attempt spent: its handler
 * runs again later, and no result is lost.
 */
export class ResultKeeper {
  readonly limitBytes: number;
  readonly #options: ResultKeeperOptions;

  constructor(options: ResultKeeperOptions) {
    this.#options = options;
    this.limitBytes = options.limitBytes;
  }

  /** @param resultJson which may be compressed */
  async keep(task: TakenTask, resultJson: string, retention: ResolvedRetention): Promise<Verdict> {
    const { aboveBytes, logger, traces } = this.#options;
    const mayStay = resultJson.length <= aboveBytes;
    if (mayStay && Buffer.byteLength(resultJson) <= aboveBytes)
      return { kind: 'completed', resultJson };
    const { completedMs } = task.retention ?? retention;
    for (const pauseMs of [...PAUSES_MS, undefined]) {
      try {
        await this.#put(task, resultJson, completedMs);
        return { kind: 'completed', resultJson, isStored: true };
      } catch (error) {
        const failure = loggedFailure(toFailure(error, 'RESULT_STORE_AWAY'));
        logger.warn({ ...taskFields(task, traces), failure }, 'the result could not be stored');
        if (pauseMs === undefined || task.isAborted) break;
        await this.#pause(pauseMs);
      }
    }
    const delayMs = Math.min(AWAY_MS * 2 ** Math.min(task.starts - 1, 10), MAX_AWAY_MS);
    return { kind: 'handed-back', reason: 'store-away', delayMs };
  }

  /** A store that hangs is one that is away. */
  #put({ id }: TakenTask, resultJson: string, ttlMs: number): Promise<void> {
    const { store, clock } = this.#options;
    return new Promise((resolve, reject) => {
      const timer = clock.after(PUT_MS, () =>
        reject(new GoflowError('RESULT_STORE_AWAY', `no answer within ${PUT_MS} ms`)),
      );
      // Asynchronous, so that a store that throws at once is one that rejects, too.
      const put = async (): Promise<void> => store.put(id, resultJson, ttlMs);
      put()
        .then(resolve, reject)
        .finally(() => clock.cancel(timer));
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.after(ms, resolve);
    });
  }
}
