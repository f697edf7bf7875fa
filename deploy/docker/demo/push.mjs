// Pushes `sleep` tasks and waits for all their results:
//   docker compose run --rm --entrypoint node worker tasks/push.mjs [how many, 100] [milliseconds each, 50]
// Says how far it is, and at last, as one line of JSON, how many results came and from which containers.
import { createGoflow } from '@goflow/sdk';
import { tasks } from './tasks.mjs';

const STEP = 100;
const [count = 100, ms = 50] = process.argv.slice(2).map(Number);

const goflow = createGoflow({ tasks, redis: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' });
try {
  const payloads = Array.from({ length: count }, () => ({ ms }));
  const ids = await goflow.pushMany('sleep', payloads);
  console.log(`pushed ${ids.length}`);
  const summary = await collect(ids);
  console.log(JSON.stringify(summary));
  if (summary.results !== count) process.exitCode = 1;
} finally {
  await goflow.close();
}

async function collect(ids) {
  const summary = { results: 0, failures: [], workers: {} };
  const waits = ids.map(async (id) => {
    const { worker } = await goflow.wait(id, { timeout: '5m' });
    summary.workers[worker] = (summary.workers[worker] ?? 0) + 1;
    summary.results += 1;
    if (summary.results % STEP === 0) console.log(`results ${summary.results}`);
  });
  for (const outcome of await Promise.allSettled(waits))
    if (outcome.status === 'rejected') summary.failures.push(String(outcome.reason));
  return summary;
}
