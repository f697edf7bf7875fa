import {
  createGoflow,
  type Goflow,
  type GoflowOptions,
  type TaskDefinitions,
  type Tasks,
} from '@goflow/sdk';
import { createWorker, type Worker, type WorkerOptions } from '@goflow/worker';
import { onTestFinished } from 'vitest';
import { newPlace, type Place } from './redis.js';

/** A client that is closed when the test ends. */
export function openClient<D extends TaskDefinitions>(
  tasks: Tasks<D>,
  place: Place,
  options: Partial<GoflowOptions<D>> = {},
): Goflow<D> {
  const goflow = createGoflow({ tasks, ...place, ...options });
  onTestFinished(() => goflow.close());
  return goflow;
}

/** A worker that is stopped when the test ends; started unless told otherwise. */
export function makeWorker<D extends TaskDefinitions>(
  options: Omit<WorkerOptions<D>, 'redis' | 'prefix'>,
  place: Place,
): Worker {
  const worker = createWorker({ ...place, ...options });
  onTestFinished(() => worker.stop({ grace: 0 }));
  return worker;
}

/** The usual: one client and one started worker in a place of their own. */
export async function startSystem<D extends TaskDefinitions>(
  options: Omit<WorkerOptions<D>, 'redis' | 'prefix'>,
): Promise<{ goflow: Goflow<D>; worker: Worker; place: Place }> {
  const place = newPlace();
  const worker = makeWorker(options, place);
  await worker.start();
  return { goflow: openClient(options.tasks, place), worker, place };
}
