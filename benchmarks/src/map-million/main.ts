// `npm run figure -- map-million [count]`: map over a million items, 1,000 under way; the resident memory of the process that maps.
import { fork } from 'node:child_process';
import { createGoflow } from '@goflow/sdk';
import { RedisServer } from '@goflow/testing';
import { createWorker, defineHandlers } from '@goflow/worker';
import { tasks } from '../tasks.js';

const IN_FLIGHT = 1_000;
const MEBIBYTE = 1024 * 1024;

/** The worker is another process: its memory is not what is measured. */
async function work(redis: string): Promise<void> {
  const handlers = defineHandlers(tasks, { tiny: ({ n }) => ({ n }) });
  const worker = createWorker({ tasks, handlers, redis, concurrency: 200 });
  await worker.start();
  process.on('disconnect', () => void worker.stop());
}

async function map(count: number): Promise<void> {
  await using server = await RedisServer.start();
  const worker = fork(process.argv[1] ?? '', ['work', server.url]);
  await using goflow = createGoflow({ tasks, redis: server.url });
  function* items(): Generator<{ hello: string; n: number }> {
    for (let n = 0; n < count; n += 1) yield { hello: 'world', n };
  }
  const startedAt = performance.now();
  let [right, most] = [0, 0];
  // Finished tasks are not what is measured either: Redis keeps them for a minute.
  const options = { inFlight: IN_FLIGHT, retention: { completed: '1m' } } as const;
  for await (const { payload, result } of goflow.map('tiny', items(), options)) {
    if (result?.status === 'completed' && result.value.n === payload.n) right += 1;
    if (payload.n % 1_000 === 0) most = Math.max(most, process.memoryUsage.rss());
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  worker.disconnect();
  process.stdout.write(
    `${right} of ${count} results right in ${seconds.toFixed(1)} s (${Math.round(count / seconds)}/s), ` +
      `${IN_FLIGHT} in flight; resident memory at most ${Math.round(most / MEBIBYTE)} MiB\n`,
  );
}

const [mode, redis] = process.argv.slice(2);
if (mode === 'work') await work(redis ?? '');
else await map(Number(mode ?? 1_000_000));
