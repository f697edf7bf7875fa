import type {
  ResolvedRetention,
  TakenTask,
  TaskFailure,
  TaskRecord,
  Verdict,
} from '@goflow/shared';
import type { Job } from 'bullmq';
import { resultJsonOf, sendReply } from '../after-end.js';
import type { WorkerSettings } from '../build-worker.js';
import { retainOwn } from '../inspector/retained-tasks.js';
import { lookForWish } from '../late-cancel.js';
import { Lease } from '../lease.js';
import type { RunningTasks } from '../running-tasks.js';
import { fromStoredRetention, type StoredOptions } from '../stored-options.js';
import { replyAddressOf, TakenJob, type Taking } from '../taken-job.js';
import { tryAgain } from '../try-again.js';
import { payloadsOf } from './chunk-job.js';
import { type ChunkPorts, ChunkRun, leaseLost, type TaskTimes } from './chunk-run.js';
import {
  type ChunkState,
  chunkId,
  type HeldChunk,
  lookIntoChunk,
  noteDelayed,
} from './chunk-store.js';

/** What running chunks needs of the consumer. */
export interface ChunkSlotsOptions {
  readonly queue: string;
  /** The name of the worker. */
  readonly worker: string;
  readonly settings: WorkerSettings;
  readonly running: RunningTasks;
  readonly report: Taking['report'];
  /** Ends all waiting: the consumer is closing. */
  readonly signal: AbortSignal;
  readonly attempt: (task: TakenJob, unique: string) => Promise<Verdict>;
  readonly takesNothing: () => boolean;
  readonly settled: (task: TakenTask, verdict: Verdict, runMs: number) => void;
  readonly leaseLost: (task: TakenTask) => void;
}

/** A chunk that was taken, and what proves that it is this worker's. */
export interface TakenChunk {
  readonly job: Job;
  readonly payloads: readonly unknown[];
  readonly token: string;
  readonly lease: Lease;
  /** Why none of its tasks is to be run any more. */
  readonly failure?: TaskFailure;
}

/** The slots of one queue in which chunks run. */
export class ChunkSlots {
  readonly #options: ChunkSlotsOptions;
  readonly #runs = new Map<string, ChunkRun>();

  constructor(options: ChunkSlotsOptions) {
    this.#options = options;
  }

  /** Chunks that run, or have run and are not recorded yet. */
  get size(): number {
    return this.#runs.size;
  }

  /** Runs a chunk. Gives why the rest is handed back, where it is. */
  async run(taken: TakenChunk): Promise<ReturnType<ChunkRun['run']>> {
    const { running, queue, worker, settings } = this.#options;
    const { job, payloads, token, lease, failure } = taken;
    const unique = job.id ?? '';
    const held: HeldChunk = { ...settings, queue, chunk: unique, token };
    running.hold(unique);
    try {
      const ports = this.#portsOf(taken);
      const look = (): Promise<ChunkState | undefined> => lookIntoChunk(held, payloads.length);
      const state = await look().catch((error: unknown) => tryAgain(error, look, ports));
      if (!state) throw leaseLost(held);
      const run = new ChunkRun({ held, payloads, state, lease, worker, ports, failure });
      this.#runs.set(unique, run);
      const handBack = await run.run();
      if (handBack) this.#runs.delete(unique);
      return handBack;
    } finally {
      running.release(unique);
    }
  }

  /** A job is to be put back for later. Where it is a chunk, whoever counts tasks must know. */
  async noteDelayed(job: Job): Promise<void> {
    if (!payloadsOf(job)) return;
    const { settings, queue, signal } = this.#options;
    const note = (): Promise<void> => noteDelayed({ ...settings, queue, chunk: job.id ?? '' });
    const patience = { signal, report: settings.report };
    await note().catch((error: unknown) => tryAgain(error, note, patience));
  }

  /** Asks for the end of a task that was not begun yet. `unique`: as if it had left its chunk. */
  cancel(unique: string, reason: string): boolean {
    const at = unique.indexOf('.');
    const run = at === -1 ? undefined : this.#runs.get(unique.slice(0, at));
    return run?.cancel(Number(unique.slice(at + 1)), reason) ?? false;
  }

  /** The job is recorded, or will never be. False for one that is no chunk. */
  ended(job: Job): boolean {
    const run = this.#runs.get(job.id ?? '');
    if (!run) return false;
    this.#runs.delete(job.id ?? '');
    run.tellLast();
    const retention = fromStoredRetention((job.opts as StoredOptions).ret);
    if (retention && job.finishedOn) this.#retain(job, job.finishedOn, retention);
    return true;
  }

  #retain(job: Job, finishedAt: number, retention: ResolvedRetention): void {
    const { queue, settings } = this.#options;
    const { redis, prefix, report } = settings;
    const id = chunkId({ queue, chunk: job.id ?? '' });
    retainOwn(redis, prefix, { id, state: 'completed', finishedAt, retention })?.catch(report);
  }

  #portsOf({ job, token }: TakenChunk): ChunkPorts {
    const { queue, settings, running, report, attempt, takesNothing, signal } = this.#options;
    const address = replyAddressOf(job);
    return {
      signal,
      report: settings.report,
      takesNothing,
      now: () => settings.clock.now(),
      task: (index, payload) =>
        new TakenJob({
          queue,
          job,
          token,
          report,
          lease: new Lease(),
          ofChunk: { index, payload },
        }),
      run: (task, unique) =>
        new Promise((ended) => {
          running.begin(unique, { task, run: () => attempt(task, unique), ended });
        }),
      settled: (task, verdict, times) => this.#settled(task, verdict, { times, address }),
      lost: this.#options.leaseLost,
    };
  }

  #settled(task: TakenJob, verdict: Verdict, { times, address }: Settling): void {
    const { settled, settings } = this.#options;
    settled(task, verdict, task.runMs);
    if (verdict.kind === 'retry' || verdict.kind === 'handed-back') {
      lookForWish(settings, task.id);
      return;
    }
    if (verdict.kind === 'cancelled') settings.cancellations.forget(task.queue, uniqueOf(task));
    if (address === undefined) return;
    const record = toRecord(task, verdict, times);
    sendReply(settings, address, { record, resultJson: resultJsonOf(verdict) });
  }
}

interface Settling {
  readonly times: TaskTimes;
  readonly address: string | undefined;
}

const uniqueOf = (task: TakenJob): string => task.id.slice(task.queue.length + 1).replace(':', '.');

function toRecord(
  task: TakenJob,
  verdict: Exclude<Verdict, { readonly kind: 'retry' | 'handed-back' }>,
  times: TaskTimes,
): TaskRecord {
  const { id, type, pushedAt, retention } = task;
  const common = { id, type, pushedAt, retention, ...times };
  if (verdict.kind !== 'completed')
    return {
      ...common,
      state: verdict.kind,
      attempts: verdict.isUnspent ? 0 : 1,
      failure: verdict.failure,
    };
  const stored = verdict.isStored ? { isStored: verdict.isStored } : {};
  return { ...common, state: 'completed', attempts: 1, ...stored };
}
