import type { TaskId } from '../task/task-id.js';
import type { DataLoss } from './data-loss.js';

/** Everything that a client tells its listeners. Names are `subject:verb`. */
export interface ClientEvents {
  /** A task is in its queue; or was there before, and this push added none. */
  'task:pushed': [
    event: { readonly id: TaskId; readonly type: string; readonly deduplicated: boolean },
  ];
  /** So many tasks are in their queue: one, or all of a chunk; or one was there before, and this push added none. */
  'push:arrived': [
    event: {
      readonly queue: string;
      readonly type: string;
      readonly tasks: number;
      readonly deduplicated: boolean;
    },
  ];
  /**
   * A call of `push`, `pushOnce` or `pushMany` for so many tasks, or one item of a `map`, has ended; with `error`, some of them may be in all the
   * same. `queue` is undefined for a type that no contract has.
   */
  'push:ended': [
    event: {
      readonly queue: string | undefined;
      readonly type: string;
      readonly tasks: number;
      readonly tookMs: number;
      readonly error: unknown;
    },
  ];
  /**
   * A task was asked to end: `cancelled`: it waited, and has ended; `requested`: it runs, and its worker was told. `type` is undefined for one that
   * no contract has.
   */
  'task:cancelled': [
    event: {
      readonly id: TaskId;
      readonly queue: string;
      readonly type: string | undefined;
      readonly effect: 'cancelled' | 'requested';
    },
  ];
  /** A type is pushed that no live worker has a handler for. Once a type, until a worker has it. */
  'type:unhandled': [event: { readonly type: string }];
  /** Redis has lost its data, or has others: tasks and results that were there are gone. */
  'broker:data-lost': [loss: DataLoss];
  /** Something went wrong beside the tasks. `repeated`: how many like it were held back since the last one. */
  'broker:trouble': [event: { readonly error: Error; readonly repeated: number }];
}
