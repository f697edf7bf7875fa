/** What is measured: the same for both. */
export interface Job {
  readonly redis: string;
  /** Tasks in all. */
  readonly count: number;
  /** The first so many are run before the clock starts: by then Node has compiled what is hot. */
  readonly warmUp: number;
  readonly concurrency: number;
}

/** Milliseconds for all tasks, by the clock and of this process's CPU. */
export interface Measurement {
  readonly pushMs: number;
  readonly pushCpuMs: number;
  readonly runMs: number;
  readonly runCpuMs: number;
}

/** CPU of this process since an earlier `process.cpuUsage()`, user and system. */
export function cpuMsSince(earlier: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(earlier);
  return (user + system) / 1_000;
}

/** Counts finished tasks, and tells how long those after the warm-up took. */
export function countRun(
  { count, warmUp }: Job,
  done: (took: Pick<Measurement, 'runMs' | 'runCpuMs'>) => void,
): () => void {
  let finished = 0;
  let startedAt = 0;
  let cpu = process.cpuUsage();
  return () => {
    finished += 1;
    if (finished === warmUp) {
      startedAt = performance.now();
      cpu = process.cpuUsage();
    }
    if (finished === count)
      done({ runMs: performance.now() - startedAt, runCpuMs: cpuMsSince(cpu) });
  };
}

/** Between the start of a worker and its first task: starting is another scenario. */
export const SETTLE_MS = 500;

/** Measures one of the two, in a process of its own. */
export type Measure = (job: Job) => Promise<Measurement>;
