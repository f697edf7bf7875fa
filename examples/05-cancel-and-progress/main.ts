import { createGoflow, type TaskId } from '@goflow/sdk';
import { exampleRedis } from '../redis.js';
import { startWorkerProcess } from '../worker-process.js';
import { tasks } from './tasks.js';

await using server = await exampleRedis();
await using goflow = createGoflow({ tasks, redis: server.url, prefix: server.prefix });
const film = await goflow.push('video.encode', { file: 'film.mov', scenes: 9_000 });
const trailer = await goflow.push('video.encode', { file: 'trailer.mov', scenes: 3 });

// 1. Watching: it may begin before any worker runs, and ends with the outcome.
const following = follow(trailer);
const { program } = await startWorkerProcess({
  tasks: new URL('tasks.js', import.meta.url),
  handlers: new URL('handlers/', import.meta.url),
  redis: server,
});
await following;

// 2. Cancelling: the film runs in that other process, and stops there.
const first = await goflow.cancel(film, { reason: 'too long' });
console.log(`cancel: found ${first.found}, effect ${first.effect}`);
await program.line(/"closed film\.mov"/);
console.log('its handler, in the worker process, has closed the file');

// 3. It is never tried again, and how far it came is known.
await goflow.waitAll([film]);
const status = await goflow.status(film);
if (status.status !== 'unknown')
  console.log(`${status.status} in scene ${status.progress?.scene}: ${status.failure?.message}`);
const second = await goflow.cancel(film);
console.log(`cancel again: found ${second.found}, effect ${second.effect}`);

await program.stop();

async function follow(id: TaskId<'video.encode'>): Promise<void> {
  for await (const change of goflow.watch(id)) {
    if (change.kind === 'log') console.log(`log       ${change.line.message}`);
    if (change.kind === 'progress') console.log(`progress  scene ${change.progress.scene}`);
    if (change.kind === 'outcome') console.log(`outcome   ${change.result.status}`);
  }
}
