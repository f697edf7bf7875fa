import type { TakenTask } from '../ports/consumer.js';
import type { Verdict } from '../task/task-outcome.js';
import type { DataLoss } from './data-loss.js';

/** How one attempt of a task went. */
export interface TaskFinished {
  readonly task: TakenTask;
  readonly verdict: Verdict;
  /** From the start of the attempt to its verdict, in milliseconds. */
  readonly runMs: number;
}

/** Everything that a worker tells its listeners: metrics, logs, tests. Names are `subject:verb`. */
export interface WorkerEvents {
  /** An attempt begins. `waitedMs`: since the task could have been taken; undefined when it was started before. */
  'task:started': [event: { readonly task: TakenTask; readonly waitedMs: number | undefined }];
  /** A task with which a worker died or froze runs again: told once each time, of a chunk with one of its tasks. */
  'task:taken-over': [event: { readonly task: TakenTask }];
  /** An attempt ended and its outcome is recorded, for good, for another try, or handed back. */
  'task:finished': [event: TaskFinished];
  /** The lease was lost while the task ran; its outcome was dropped, another worker runs it. */
  'task:lost': [event: { readonly task: TakenTask }];
  /** The attempt timed out a second ago, and its handler still goes on: it does not heed its signal. Its slot is free. */
  'task:abandoned': [event: { readonly task: TakenTask }];
  /** Its HTTP face listens; Redis may still be away. */
  'worker:listening': [event: { readonly url: string }];
  /** The worker takes tasks. */
  'worker:started': [event: { readonly queues: readonly string[] }];
  /** The concurrency of a queue was changed: on this worker, or back from that, or by a rule of the fleet. */
  'worker:concurrency': [
    event: {
      readonly queue: string;
      readonly concurrency: number;
      readonly reason: 'override' | 'reset' | 'rule';
    },
  ];
  /** Tasks waited in a queue and none was taken, though slots were free: what takes them was rebuilt. */
  'consumer:rebuilt': [event: { readonly queue: string }];
  /** The worker takes nothing new. */
  'worker:quiet': [];
  /** The worker has stopped. */
  'worker:stopped': [];
  /** Redis has answered a sign of life: one every 4 s. */
  'broker:answered': [event: { readonly roundTripMs: number }];
  /** Redis has lost its data, or has others: tasks and results that were there are gone. */
  'broker:data-lost': [loss: DataLoss];
  /** Something went wrong beside the tasks. `repeated`: how many like it were held back since the last one. */
  'broker:trouble': [event: { readonly error: Error; readonly repeated: number }];
}

/** Where listeners subscribe; Node's EventEmitter is one. */
export interface WorkerEventSource {
  on<E extends keyof WorkerEvents>(event: E, listener: (...args: WorkerEvents[E]) => void): unknown;
}
