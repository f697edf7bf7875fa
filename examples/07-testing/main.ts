import { createFakeClock, createLocalGoflow, runHandler } from '@goflow/local';
import { createHandlers, tasks } from './webhooks.js';

const HOUR = 3_600_000;
const payload = { url: 'https://example.org/hook' };

// 1. One handler, once, by itself: a function call that gives what it did as a value.
for (const answer of [204, 500, 410]) {
  const { 'webhook.deliver': deliver } = createHandlers(async () => answer);
  const run = await runHandler(deliver, payload, { attempt: 2 });
  console.log(`answer ${answer}: ${run.outcome}, ${run.failure?.message ?? run.log[0]?.message}`);
}

// 2. The whole life of a task, on a clock that is turned by hand: what takes a day takes no time.
const answers = [503, 503, 503, 200];
const clock = createFakeClock(Date.UTC(2026, 0, 1));
const handlers = createHandlers(async () => answers.shift() ?? 200);
await using goflow = createLocalGoflow({ tasks, handlers, clock });

const id = await goflow.push('webhook.deliver', payload, { delay: '8h' });
await clock.advance(8 * HOUR - 1);
console.log(`a moment before it is due: ${(await goflow.status(id)).status}`);
await clock.runAll();
const status = await goflow.status(id);
console.log(`in the end: ${status.status}`);

// 3. Its history says when each attempt was, and what came of it.
const history = status.status === 'unknown' ? [] : status.history;
for (const { attempt, startedAt, outcome, failure } of history) {
  const line = `  ${startedAt.toISOString()} attempt ${attempt}: ${outcome}`;
  console.log(failure ? `${line}, ${failure.message}` : line);
}
