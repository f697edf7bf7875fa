import type {
  ClientOptions,
  MeasuredClient,
  MeasuredWorker,
  SystemName,
  WorkerOptions,
} from './system.js';

/** Opens the client of a system. Imported when it is needed: a process loads only the system that it measures. */
export async function openClient(
  system: SystemName,
  options: ClientOptions,
): Promise<MeasuredClient> {
  switch (system) {
    case 'goflow':
      return (await import('./goflow-client.js')).openClient(options);
    case 'bullmq':
      return (await import('./bullmq-client.js')).openClient(options);
    case 'bee-queue':
      return (await import('./bee-queue.js')).openClient(options);
  }
}

/** Opens the worker of a system, like {@link openClient}. */
export async function openWorker(
  system: SystemName,
  options: WorkerOptions,
): Promise<MeasuredWorker> {
  switch (system) {
    case 'goflow':
      return (await import('./goflow-worker.js')).openWorker(options);
    case 'bullmq':
      return (await import('./bullmq-worker.js')).openWorker(options);
    case 'bee-queue':
      return (await import('./bee-queue.js')).openWorker(options);
  }
}
