// `npm run figure -- cancel-latency [count]`: how long from `cancel` in one process until the handler in another sees its signal abort.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createGoflow, defineTasks } from '@goflow/sdk';
import { RedisServer } from '@goflow/testing';
import { createWorker, defineHandlers } from '@goflow/worker';
import { z } from 'zod';

const tasks = defineTasks({ wait: { payload: z.null(), result: z.null(), maxAttempts: 1 } });

/** Tells when each handler saw its signal: on the clock that all processes of one machine share. */
async function work(redis: string): Promise<void> {
  const handlers = defineHandlers(tasks, {
    wait: async (_, { id, signal }) => {
      process.send?.({ id });
      await once(signal, 'abort');
      process.send?.({ id, at: performance.timeOrigin + performance.now() });
      return null;
    },
  });
  const worker = createWorker({ tasks, handlers, redis, concurrency: 10 });
  await worker.start();
  process.on('disconnect', () => void worker.stop({ grace: 0 }));
}

async function measure(count: number): Promise<void> {
  await using server = await RedisServer.start();
  const worker = fork(process.argv[1] ?? '', ['work', server.url]);
  await using goflow = createGoflow({ tasks, redis: server.url });
  const times: number[] = [];
  for (let at = 0; at < count; at += 1) {
    const started = once(worker, 'message');
    const id = await goflow.push('wait', null);
    await started;
    const seen = once(worker, 'message');
    const cancelledAt = performance.timeOrigin + performance.now();
    await goflow.cancel(id);
    const [message] = (await seen) as [{ readonly at: number }];
    times.push(message.at - cancelledAt);
  }
  worker.disconnect();
  times.sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(share * (count - 1))] ?? 0).toFixed(1);
  process.stdout.write(
    `${count} running tasks cancelled from another process: seen by the handler after ` +
      `${at(0.5)} ms at the median, ${at(0.95)} ms at the 95th percentile, ${at(1)} ms at most\n`,
  );
}

const [mode, redis] = process.argv.slice(2);
if (mode === 'work') await work(redis ?? '');
else await measure(Number(mode ?? 200));
