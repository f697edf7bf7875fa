import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalGoflow } from '@goflow/local';
import { defineTasks } from '@goflow/sdk';
import { z } from 'zod';

const tasks = defineTasks({
  'mail.send': { payload: z.object({ to: z.email() }), result: z.string() },
});

const goflow = createLocalGoflow({
  tasks,
  handlers: {
    'mail.send': async ({ to }) => {
      await sleep(50);
      return `sent to ${to}`;
    },
  },
  concurrency: 1,
});

// 1. The same interface as with Redis, in one process.
const id = await goflow.push('mail.send', { to: 'ada@example.org' });
console.log(`a task: ${await goflow.wait(id)}`);

// 2. Only here: any function can be queued, within the same concurrency. Its tracker tells how it ends.
const sum = await goflow.run(() => 6 * 7).done();
console.log(`a function: ${sum.status === 'completed' ? sum.value : sum.status}`);
const broken = await goflow.run(() => Promise.reject(new Error('out of paper'))).done();
console.log(`another: ${broken.status === 'failed' ? broken.failure.message : broken.status}`);

// 3. Stopping lets what runs end, and names what is left: nothing is lost unseen.
const begun = new Promise((resolve) => goflow.worker.on('task:started', resolve));
const bob = await goflow.push('mail.send', { to: 'bob@example.org' });
await goflow.push('mail.send', { to: 'eve@example.org' });
await goflow.push('mail.send', { to: 'zoe@example.org' }, { delay: '1h' });
await begun;
const running = goflow.wait(bob);
const left = await goflow.stop();
console.log(`while it stopped: ${await running}`);
for (const { status, type, payload } of left)
  console.log(`left ${status}: ${type} ${JSON.stringify(payload)}`);
