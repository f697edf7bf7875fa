import { createGoflow } from '@goflow/sdk';
import { exampleRedis } from '../redis.js';
import { startWorkerProcess, type WorkerProcess } from '../worker-process.js';
import { tasks } from './tasks.js';

const TASKS = 300;

await using server = await exampleRedis();
const start = () =>
  startWorkerProcess({
    tasks: new URL('tasks.js', import.meta.url),
    handlers: new URL('handlers/', import.meta.url),
    redis: server,
    flags: ['--concurrency', '4', '--grace', '0s'],
  });
const workers = await Promise.all([start(), start(), start()]);
const [first, , last] = workers as [WorkerProcess, WorkerProcess, WorkerProcess];
console.log(`${workers.length} worker processes, each runs 4 tasks at once`);

await using goflow = createGoflow({ tasks, redis: server.url, prefix: server.prefix });
const ids = await goflow.pushMany(
  'number.square',
  Array.from({ length: TASKS }, (_, n) => n),
);
console.log(`pushed ${ids.length} tasks`);

// The first ends: SIGTERM is all that Kubernetes, systemd or Ctrl-C send.
const waits = ids.map((id) => goflow.wait(id));
await Promise.all(waits.slice(0, TASKS / 3));
last.program.signal('SIGTERM');
const { code } = await last.program.exited;
const handedBack = last.program.stdout.match(/"task handed back"/g)?.length ?? 0;
console.log(`SIGTERM: one handed back ${handedBack} running tasks and exited with code ${code}`);

// The others run more at once, while they run: over HTTP, or from the dashboard.
const response = await fetch(`${first.url}/concurrency`, {
  method: 'PATCH',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ concurrency: 16 }),
});
const { concurrency } = (await response.json()) as { concurrency: number };
console.log(`another now runs ${concurrency} at once`);

const results = await Promise.all(waits);
const right = results.filter(({ square }, n) => square === n * n).length;
const shares = workers.map(({ pid }) => results.filter(({ worker }) => worker === pid).length);
console.log(`${right} of ${TASKS} results are there and right`);
console.log(`tasks by worker: ${shares.join(' + ')}`);

await Promise.all(workers.map(({ program }) => program.stop()));
