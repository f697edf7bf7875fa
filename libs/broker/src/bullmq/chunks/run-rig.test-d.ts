// No test: how the tests beside run chunks. Named so that it is left out of what is built.
import type { Verdict } from '@goflow/shared';
import type { Job } from 'bullmq';
import { Lease } from '../lease.js';
import { RunningTasks } from '../running-tasks.js';
import { TakenJob } from '../taken-job.js';
import { type ChunkOptions, ChunkRig, numbered } from './chunk-rig.test-d.js';
import { type ChunkPorts, ChunkRun, type ChunkRunOptions } from './chunk-run.js';
import { type ChunkState, type HeldChunk, lookIntoChunk } from './chunk-store.js';

export const DONE: Verdict = { kind: 'completed', resultJson: '1' };
export const failure = { name: 'Error', message: 'no', code: 'HANDLER_FAILED' };
export const FAILED: Verdict = { kind: 'failed', failure };

/** What a task does, by its index. */
export type Work = (index: number, task: TakenJob) => Verdict | Promise<Verdict>;

/** A chunk that was taken, and what its run tells. */
export class RunRig {
  readonly rig: ChunkRig;
  readonly held: HeldChunk;
  readonly size: number;
  readonly lease = new Lease();
  readonly running = new RunningTasks();
  readonly closing = new AbortController();
  /** The indexes that were begun. */
  readonly begun: number[] = [];
  /** `index kind` of what is recorded. */
  readonly settled: string[] = [];
  readonly lost: number[] = [];
  readonly troubles: unknown[] = [];
  takesNothing = false;
  /** Turned by the test. */
  aheadMs = 0;

  private constructor(rig: ChunkRig, held: HeldChunk, size: number) {
    this.rig = rig;
    this.held = held;
    this.size = size;
  }

  static async open(size: number, given: ChunkOptions = {}, rig = new ChunkRig()): Promise<RunRig> {
    return new RunRig(rig, await rig.taken(numbered(size), given), size);
  }

  /** The same chunk, as the next worker takes it. */
  async next(): Promise<RunRig> {
    const { redis, key } = this.rig;
    const { chunk } = this.held;
    await redis.lrem(key('active'), 0, chunk);
    return new RunRig(this.rig, await this.rig.take(chunk, 'the next token'), this.size);
  }

  async start(work: Work, given: Partial<ChunkRunOptions> = {}): Promise<ChunkRun> {
    const state = (await lookIntoChunk(this.held, this.size)) as ChunkState;
    const payloads = Array.from({ length: this.size }, (_, index) => String(index));
    const { held, lease } = this;
    const job = await this.#job();
    const ports = this.#ports(job, work);
    return new ChunkRun({ held, payloads, state, lease, worker: 'w', ports, ...given });
  }

  /** Runs it to its end. */
  async run(work: Work, given: Partial<ChunkRunOptions> = {}) {
    return (await this.start(work, given)).run();
  }

  chunk(): Promise<Record<string, string>> {
    return this.rig.job(this.held.chunk);
  }

  #ports(job: Job, work: Work): ChunkPorts {
    const { running, settled, lost } = this;
    return {
      signal: this.closing.signal,
      report: (error) => this.troubles.push(error),
      takesNothing: () => this.takesNothing,
      now: () => Date.now() + this.aheadMs,
      task: (index, payload) => this.#task(job, index, payload),
      run: (task, unique) =>
        new Promise((ended) => {
          const index = indexOf(task);
          this.begun.push(index);
          const run = async (): Promise<Verdict> => work(index, task);
          running.begin(unique, { task, run, ended });
        }),
      settled: (task, { kind }) => settled.push(`${indexOf(task)} ${kind}`),
      lost: (task) => lost.push(indexOf(task)),
    };
  }

  #task(job: Job, index: number, payload: unknown): TakenJob {
    const report = async (): Promise<void> => undefined;
    const { token } = this.held;
    const taking = { queue: 'default', job, token, report, lease: new Lease() };
    return new TakenJob({ ...taking, ofChunk: { index, payload } });
  }

  async #job(): Promise<Job> {
    const { opts = '{}', name, timestamp, ats } = await this.chunk();
    const job = {
      id: this.held.chunk,
      name,
      attemptsMade: 0,
      attemptsStarted: Number(ats),
      stalledCounter: 0,
      timestamp: Number(timestamp),
      opts: JSON.parse(opts),
    };
    return job as unknown as Job;
  }
}

const indexOf = ({ id }: TakenJob): number => Number(id.slice(id.lastIndexOf(':') + 1));
