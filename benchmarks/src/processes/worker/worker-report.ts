import type { SystemName, WorkerOptions } from '../../systems/system.js';

/** What a worker process is started with. */
export interface WorkerOrder
  extends Pick<WorkerOptions, 'redis' | 'concurrency' | 'waitMs' | 'begins'> {
  readonly system: SystemName;
}

/** What a worker process is told: begin to take tasks; say how it stands. */
export interface WorkerRequest {
  readonly kind: 'begin' | 'report';
}

/** How a worker process stands. The first is sent when it is ready, others when tasks finish, at most one in 10 ms. */
export interface WorkerReport {
  readonly finished: number;
  /** CPU since its process began. */
  readonly cpuUs: number;
  /** From the start of its process to the first call of its handler; undefined before that. */
  readonly firstCallMs?: number | undefined;
}
