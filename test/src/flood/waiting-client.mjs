// A program that pushes far more than fits into its memory, in one turn, where each push has to wait before it can be sent. Prints what became of them.
import { setTimeout as delay } from 'node:timers/promises';
import { createGoflow, defineTasks } from '@goflow/sdk';
import { z } from 'zod';

const [redis, prefix, waitsFor] = process.argv.slice(2);
const COUNT = 2_000;
// One text for all: only the JSON that is made of it takes memory.
const payload = 'x'.repeat(150_000);

const slow = z.string().refine(async () => {
  await delay(100);
  return true;
});
const tasks = defineTasks({
  flood: { payload: waitsFor === 'schema' ? slow : z.string(), result: z.null() },
});
const middleware = async (request, next) => {
  await delay(100);
  return next(request);
};
const OPTIONS = {
  room: { maxDepth: 1, whenFull: 'wait' },
  handler: { strict: true },
  compression: { compressAbove: 1_000 },
  middleware: { middleware: [middleware] },
};
const goflow = createGoflow({ tasks, redis, prefix, timeout: '3s', ...OPTIONS[waitsFor] });
await goflow.ping();
if (waitsFor === 'room') await goflow.push('flood', 'the first');
const codes = {};
const push = () =>
  goflow.push('flood', payload).then(
    () => 'ok',
    (error) => error.code ?? error.message,
  );
for (const code of await Promise.all(Array.from({ length: COUNT }, push)))
  codes[code] = (codes[code] ?? 0) + 1;
console.log(JSON.stringify(codes));
await goflow.close();
