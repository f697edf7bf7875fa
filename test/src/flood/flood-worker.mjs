// A worker whose tasks are large, on the way in or on the way out. Told to stop, it prints the most memory it had.
import { setTimeout as delay } from 'node:timers/promises';
import { createWorker } from '@goflow/worker';
import { tasks } from './large-tasks.mjs';

const [redis, prefix, concurrency] = process.argv.slice(2);
let maxRss = 0;
const worker = createWorker({
  tasks,
  redis,
  prefix,
  concurrency: Number(concurrency),
  resultLimit: 2_000_000,
  handlers: {
    'large.in': async (payload) => {
      await delay(20);
      return payload.length;
    },
    'large.out': async (length) => {
      await delay(20);
      return 'x'.repeat(length);
    },
  },
});
const timer = setInterval(() => {
  maxRss = Math.max(maxRss, process.memoryUsage.rss());
}, 20);
const stop = async () => {
  clearInterval(timer);
  await worker.stop();
  console.log(JSON.stringify({ maxRssMb: Math.round(maxRss / 1e6) }));
};
process.once('SIGTERM', () => void stop());
await worker.start();
console.log('started');
