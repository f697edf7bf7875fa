import { Job, Queue, QueueEvents } from 'bullmq';
import { connectionOf, QUEUE } from './bullmq-connection.js';
import { type ClientOptions, type MeasuredClient, payloadOf } from './system.js';

/** Raw BullMQ's producer as its documentation shows it; completed jobs are kept, as goflow keeps them. */
export async function openClient({ redis }: ClientOptions): Promise<MeasuredClient> {
  const connection = connectionOf(redis);
  const queue = new Queue(QUEUE, { connection });
  await queue.waitUntilReady();
  // Each job that is waited for listens there: Node would warn of more than ten.
  queue.setMaxListeners(0);
  let events: Promise<QueueEvents> | undefined;
  return {
    push: (n) => queue.add('tiny', payloadOf(n)),
    pushMany: async (numbers) => {
      const jobs = await queue.addBulk(numbers.map((n) => ({ name: 'tiny', data: payloadOf(n) })));
      return jobs.map(({ id = '' }) => id);
    },
    request: async (n) => {
      events ??= listen(redis);
      const queueEvents = await events;
      const job = await queue.add('tiny', payloadOf(n));
      return ((await job.waitUntilFinished(queueEvents)) as { n: number }).n;
    },
    result: async (id) => ((await Job.fromId(queue, id))?.returnvalue as { n: number } | null)?.n,
    waiting: () => queue.getWaitingCount(),
    close: async () => {
      await (await events)?.close();
      await queue.close();
    },
  };
}

/** It has a connection of its own, because it blocks; only who waits for results has one. */
async function listen(redis: string): Promise<QueueEvents> {
  const events = new QueueEvents(QUEUE, { connection: connectionOf(redis) });
  events.setMaxListeners(0);
  await events.waitUntilReady();
  return events;
}
