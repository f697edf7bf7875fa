import { parseTaskId } from '../task/task-id.js';
import { GoflowError } from './goflow-error.js';

/** What is said of an id that has not the form of one. */
export const NO_TASK_ID = "that is no id of goflow's, QUEUE:…";

/** TASK_UNKNOWN: it never existed, or its retention is over; of what is no id at all that is said. At most 100 characters of it are shown. */
export function unknownTask(id: unknown): GoflowError {
  const message = `there is no task ${JSON.stringify(String(id).slice(0, 100))}`;
  return new GoflowError('TASK_UNKNOWN', parseTaskId(id) ? message : `${message}: ${NO_TASK_ID}`);
}
