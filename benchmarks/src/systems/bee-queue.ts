import { createRequire } from 'node:module';
import {
  type ClientOptions,
  handlerOf,
  type MeasuredClient,
  type MeasuredWorker,
  payloadOf,
  type TinyPayload,
  type WorkerOptions,
} from './system.js';

/** What is used of bee-queue: its own types need those of an old Redis client. */
interface BeeQueue {
  ready(): Promise<unknown>;
  createJob(payload: TinyPayload): BeeJob;
  saveAll(jobs: readonly BeeJob[]): Promise<Map<BeeJob, Error>>;
  process(concurrency: number, handler: (job: BeeJob) => Promise<unknown>): void;
  on(event: 'succeeded', listener: () => void): void;
  checkHealth(): Promise<{ readonly waiting: number }>;
  close(): Promise<void>;
}

interface BeeJob {
  readonly id: string;
  readonly data: TinyPayload;
  save(): Promise<unknown>;
}

const require = createRequire(import.meta.url);
const Queue = require('bee-queue') as new (name: string, settings: object) => BeeQueue;

/** What its documentation advises who wants speed; its jobs stay in Redis when they have succeeded, and have no results. */
const FAST = { storeJobs: false, getEvents: false, sendEvents: false };

/** bee-queue's producer. */
export async function openClient({ redis }: ClientOptions): Promise<MeasuredClient> {
  const queue = new Queue('tiny', { ...FAST, redis: { url: redis }, isWorker: false });
  await queue.ready();
  return {
    push: (n) => queue.createJob(payloadOf(n)).save(),
    pushMany: async (numbers) => {
      const jobs = numbers.map((n) => queue.createJob(payloadOf(n)));
      const errors = await queue.saveAll(jobs);
      if (errors.size > 0) throw new Error(`bee-queue refused ${errors.size} jobs`);
      return jobs.map(({ id }) => id);
    },
    request: () => Promise.reject(new Error('bee-queue keeps no results')),
    result: () => Promise.reject(new Error('bee-queue keeps no results')),
    waiting: async () => (await queue.checkHealth()).waiting,
    close: () => queue.close(),
  };
}

/** bee-queue's worker. */
export async function openWorker(options: WorkerOptions): Promise<MeasuredWorker> {
  const { redis, concurrency, begins, onFinished } = options;
  const queue = new Queue('tiny', { ...FAST, redis: { url: redis } });
  const handler = handlerOf(options);
  await queue.ready();
  queue.on('succeeded', onFinished);
  const begin = async (): Promise<void> => queue.process(concurrency, (job) => handler(job.data));
  if (begins === 'at once') await begin();
  return { begin, stop: () => queue.close() };
}
