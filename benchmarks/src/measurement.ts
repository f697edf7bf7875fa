/** What is measured: the same for both. */
export interface Job {
  readonly redis: string;
  readonly count: number;
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

/** Measures one of the two, in a process of its own. */
export type Measure = (job: Job) => Promise<Measurement>;
