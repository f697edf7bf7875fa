// A program that pushes without awaiting, as fast as it can, for some seconds. Prints what became of its pushes, and the most memory it had.
import { setImmediate } from 'node:timers/promises';
import { createGoflow, defineTasks } from '@goflow/sdk';
import { Cluster } from 'ioredis';
import { z } from 'zod';

const [url, prefix, seconds = '1', bytes = '10000'] = process.argv.slice(2);
const tasks = defineTasks({ flood: { payload: z.string(), result: z.null() } });
// A cluster is given as the port of one of its nodes.
const cluster = /^\d+$/.test(url) && new Cluster([{ host: '127.0.0.1', port: Number(url) }]);
const redis = cluster || url;
// goflow never cuts a connection that is not its own: pushes are given up again and again.
const timeout = cluster ? '100ms' : '2s';
const goflow = createGoflow({ tasks, redis, prefix, timeout });
await goflow.ping();
const told = new Promise((resolve) => process.once('SIGUSR2', resolve));
console.log('connected');
await told;

const counts = { pushed: 0, ok: 0, CLIENT_OVERLOADED: 0, BROKER_UNAVAILABLE: 0 };
let [pending, maxRss, maxPending, turn] = [0, 0, 0, 0];
const endsAt = Date.now() + Number(seconds) * 1_000;
const settle = (what) => {
  pending -= 1;
  counts[what] = (counts[what] ?? 0) + 1;
};
while (Date.now() < endsAt) {
  for (let at = 0; at < 200; at += 1) {
    pending += 1;
    counts.pushed += 1;
    // Each a text of its own, as it would be: made of a number that no other has.
    const payload = `${counts.pushed} `.padEnd(Number(bytes), 'x');
    goflow.push('flood', payload).then(
      () => settle('ok'),
      (error) => settle(error.code ?? error.message),
    );
  }
  maxPending = Math.max(maxPending, pending);
  turn += 1;
  if (turn % 10 === 0) maxRss = Math.max(maxRss, process.memoryUsage.rss());
  await setImmediate();
}
while (pending > 0) await new Promise((resolve) => setTimeout(resolve, 50));
console.log(JSON.stringify({ ...counts, maxPending, maxRssMb: Math.round(maxRss / 1e6) }));
await goflow.close();
if (cluster) cluster.disconnect();
