import type { TaskId } from '../task/task-id.js';
import type { DataLoss } from './data-loss.js';

/** Everything that a client tells its listeners. Names are `subject:verb`. */
export interface ClientEvents {
  /** A task is in its queue; or was there before, and this push added none. */
  'task:pushed': [
    event: { readonly id: TaskId; readonly type: string; readonly deduplicated: boolean },
  ];
  /** A task was asked to end. */
  'task:cancelled': [event: { readonly id: TaskId; readonly effect: 'cancelled' | 'requested' }];
  /** A type is pushed that no live worker has a handler for. Once a type, until a worker has it. */
  'type:unhandled': [event: { readonly type: string }];
  /** Redis has lost its data, or has others: tasks and results that were there are gone. */
  'broker:data-lost': [loss: DataLoss];
  /** Something went wrong beside the tasks. `repeated`: how many like it were held back since the last one. */
  'broker:trouble': [event: { readonly error: Error; readonly repeated: number }];
}
