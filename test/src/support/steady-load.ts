import { setTimeout as pause } from 'node:timers/promises';
import { createGoflow, type DataLoss, defineTasks, type Goflow, type TaskId } from '@goflow/sdk';
import { until } from '@goflow/testing';
import { createWorker, type Worker, type WorkerOptions } from '@goflow/worker';
import { expect, onTestFinished } from 'vitest';
import { z } from 'zod';

const number = { payload: z.number(), result: z.number() };

/** Tasks of two queues, which lie in different slots of a cluster. */
export const numbers = defineTasks({ number, other: { ...number, queue: 'other' } });

type Client = Goflow<typeof numbers.definitions>;
type NumberId = TaskId<'number' | 'other'>;
type Given = Parameters<typeof createGoflow<typeof numbers.definitions>>[0];
type Log = Exclude<Given['logger'], undefined>;

/** Options of the two, beside the usual. */
export interface RigOptions {
  readonly client?: Partial<Given>;
  readonly worker?: Partial<WorkerOptions<typeof numbers.definitions>>;
}

/** A client and a worker, and what they say. */
export interface Rig {
  readonly goflow: Client;
  readonly worker: Worker;
  readonly log: LineLog;
  /** What the worker says is wrong. */
  readonly troubles: Error[];
  /** Of the data of Redis, as either of them saw it. */
  readonly losses: DataLoss[];
}

/** A client and a worker that is not started, both closed when the test ends. */
export function openRig(redis: Given['redis'], options: RigOptions = {}): Rig {
  const log = new LineLog();
  const goflow = createGoflow({
    tasks: numbers,
    redis,
    timeout: '10s',
    logger: log.logger,
    ...options.client,
  });
  onTestFinished(() => goflow.close());
  const run = (payload: number): number => payload;
  const worker = createWorker({
    tasks: numbers,
    handlers: { number: run, other: run },
    redis,
    // What a dead connection held runs again within a test.
    lease: '2s',
    logger: log.logger,
    ...options.worker,
  });
  onTestFinished(() => worker.stop({ grace: 0 }));
  const troubles: Error[] = [];
  worker.on('broker:trouble', ({ error }) => troubles.push(error));
  const losses: DataLoss[] = [];
  goflow.on('broker:data-lost', (loss) => losses.push(loss));
  worker.on('broker:data-lost', (loss) => losses.push(loss));
  return { goflow, worker, log, troubles, losses };
}

/** Keeps when lines were written, and what they said. */
export class LineLog {
  readonly lines: { readonly at: number; readonly text: string }[] = [];
  readonly logger: Log = {
    debug: () => undefined,
    info: (...line) => this.#write(line),
    warn: (...line) => this.#write(line),
    error: (...line) => this.#write(line),
    child: () => this.logger,
  };

  /** The most lines that were written within one second. */
  get mostInASecond(): number {
    const counts = this.lines.map(
      ({ at }) => this.lines.filter((line) => line.at >= at && line.at < at + 1_000).length,
    );
    return Math.max(0, ...counts);
  }

  #write(line: readonly unknown[]): void {
    this.lines.push({ at: performance.now(), text: JSON.stringify(line) });
  }
}

/** A push that was acknowledged. */
interface Acknowledged {
  readonly id: NumberId;
  readonly n: number;
  /** On the monotonic clock. */
  readonly at: number;
}

/** Pushes one task after another, in both queues, until it is told to stop. */
export class SteadyLoad {
  readonly acknowledged: Acknowledged[] = [];
  readonly failures: unknown[] = [];
  readonly #goflow: Client;
  readonly #types: readonly ('number' | 'other')[];
  #count = 0;
  #isOver = false;
  #running: Promise<unknown>;

  constructor(goflow: Client, types: readonly ('number' | 'other')[] = ['number', 'other']) {
    this.#goflow = goflow;
    this.#types = types;
    this.#running = Promise.all(types.map((type) => this.#run(type)));
  }

  /** Waits for more acknowledged pushes, in each queue. */
  async more(count: number, timeoutMs = 15_000): Promise<void> {
    for (const type of this.#types) {
      const enough = this.#countOf(type) + count;
      const what = `${count} more pushes of ${type}`;
      await until(() => this.#countOf(type) >= enough, { what, timeoutMs });
    }
  }

  /** How long nothing was acknowledged at most, in ms. */
  get longestGapMs(): number {
    const gaps = this.#types.flatMap((type) => {
      const times = this.acknowledged.filter(({ id }) => isOf(type, id)).map(({ at }) => at);
      return times.slice(1).map((at, index) => at - (times[index] ?? at));
    });
    return Math.round(Math.max(0, ...gaps));
  }

  /** Ends the load, and waits until each task that was acknowledged has its own result. Gives those that are not known any more. */
  async lostOf(kept: (task: Acknowledged) => boolean = () => true): Promise<Acknowledged[]> {
    this.#isOver = true;
    await this.#running;
    const lost: Acknowledged[] = [];
    const tasks = this.acknowledged.filter(kept);
    const ids = tasks.map(({ id }) => id);
    const results = await this.#goflow.waitAll(ids, { timeout: '15s' });
    results.forEach((result, index) => {
      const task = tasks[index] as Acknowledged;
      if (result.status === 'completed') expect(result.value).toBe(task.n);
      else lost.push(task);
    });
    return lost;
  }

  /** Ends the load. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  #countOf(type: string): number {
    return this.acknowledged.filter(({ id }) => isOf(type, id)).length;
  }

  async #run(type: 'number' | 'other'): Promise<void> {
    while (!this.#isOver) {
      const n = this.#count;
      this.#count += 1;
      try {
        const id = await this.#goflow.push(type, n);
        this.acknowledged.push({ id, n, at: performance.now() });
      } catch (error) {
        this.failures.push(error);
      }
      // A steady load, not a flood.
      await pause(2);
    }
  }
}

function isOf(type: string, id: string): boolean {
  return id.startsWith(type === 'other' ? 'other:' : 'default:');
}

/** The share of one core that this process takes meanwhile, 1 being all of it. */
export async function cpuShareOf(work: () => Promise<unknown>): Promise<number> {
  const [before, startedAt] = [process.cpuUsage(), performance.now()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / (performance.now() - startedAt);
}
