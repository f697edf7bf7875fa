import type { QueueFacts, RedisFacts } from '@goflow/broker';
import { plural } from '../terminal/counts.js';
import { spell } from '../terminal/times.js';
import { findingsOf, NOT_TOLD, type Rule, some } from './finding.js';
import { isBlockedLoop } from './worker-rules.js';

// What is checked of each queue. One fault is told once: what explains another (paused, no worker) keeps that silent.

/** Source: docs/worker.md, "Liveness": a worker calls itself stuck when the same task was next for 30 s. */
const STUCK_AFTER_MS = 30_000;
/** Source: the usual `timeout` of an attempt, 5 min: who waits for longer does not only wait for its turn. */
const OLD_AFTER_MS = 300_000;
/** Ours: fewer in 10 minutes are single failures. */
const DEAD_RECENTLY = 10;
/** Ours: a queue that grows by less is even. */
const GROWS_BY = 10;

const paused: Rule = ({ queues, workers }) => {
  const { ok, unknown, warning } = findingsOf('queues-paused', 'docs/operations.md#a-stuck-queue');
  if (!queues) return unknown(NOT_TOLD);
  const found = queues.filter(({ isPaused }) => isPaused);
  const [first] = found;
  if (first)
    return warning(
      `paused: ${some(found.map(({ queue, counts }) => `${queue} (${counts.waiting} wait)`))}`,
      `goflow resume ${first.queue}; goflow audit shows who paused it`,
    );
  const [idle] = queues.filter(
    (facts) =>
      facts.counts.waiting > 0 && isConsumed(facts, workers) && slotsOf(facts, workers) === 0,
  );
  if (idle)
    return warning(
      `the concurrency of ${idle.queue} is 0 on all its workers, and tasks wait: ${idle.counts.waiting}`,
      `goflow concurrency set <n> --queue ${idle.queue}; goflow audit shows who set it`,
    );
  return ok(queues.length === 0 ? 'no queues yet' : `none of ${plural(queues.length, 'queue')}`);
};

const withoutWorkers: Rule = ({ queues, workers }) => {
  const { ok, unknown, problem } = findingsOf(
    'queues-without-workers',
    'docs/operations.md#a-stuck-queue',
  );
  if (!queues || !workers) return unknown(NOT_TOLD);
  // Told already.
  if (workers.length === 0) return ok('no worker is alive: see workers');
  const due = ({ counts, overdue }: QueueFacts): number => counts.waiting + overdue;
  const found = queues.filter(
    (queue) => !queue.isPaused && due(queue) > 0 && !isConsumed(queue, workers),
  );
  const [first] = found;
  if (!first) return ok('each queue in which tasks wait has a worker');
  const waiting = found.map((queue) => `${queue.queue} (${due(queue)} wait)`);
  return problem(
    `tasks wait in queues that no live worker takes from: ${some(waiting)}`,
    `start a worker whose contracts name the queue ${first.queue}; or was another meant when they were pushed? goflow list --queue ${first.queue} shows them, goflow cancel ends them`,
  );
};

const stuck: Rule = (facts) => {
  const { ok, unknown, problem } = findingsOf('queues-stuck', 'docs/operations.md#a-stuck-queue');
  if (!facts.queues || !facts.workers) return unknown(NOT_TOLD);
  const found = facts.queues.filter((queue) => isStuck(queue, facts));
  if (found.length === 0) return ok('none');
  return problem(
    `tasks wait in ${some(namesOf(found))}, workers there have free slots, and nothing was taken for ${spell(facts.watchMs)}: they hang`,
    'look at GET /livez and the log of its workers (goflow workers lists them), and start them anew',
  );
};

const growing: Rule = (facts) => {
  const { ok, unknown, warning } = findingsOf(
    'queues-growing',
    'docs/operations.md#scale-out-and-in',
  );
  const { queues, watchMs } = facts;
  if (!queues) return unknown(NOT_TOLD);
  const found = queues.filter((queue) => isTended(queue, facts) && isGrowing(queue));
  if (found.length === 0) return ok(`none within ${spell(watchMs)} (--watch 1m looks longer)`);
  const grown = found.map(({ queue, waiting }) => `${queue} (${waiting[0]} to ${waiting.at(-1)})`);
  return warning(
    `more is pushed than workers take, within ${spell(watchMs)}: ${some(grown)}`,
    'more workers, or more concurrency: goflow concurrency set <n>; goflow doctor --watch 1m tells a burst from a trend',
  );
};

const waitingTime: Rule = (facts) => {
  const { ok, unknown, warning } = findingsOf(
    'waiting-time',
    'docs/operations.md#scale-out-and-in',
  );
  const { queues, at } = facts;
  if (!queues) return unknown(NOT_TOLD);
  const ageOf = ({ oldestDueAt = at }: QueueFacts): number => Math.max(at - oldestDueAt, 0);
  const old = queues.filter((queue) => isTended(queue, facts) && ageOf(queue) > OLD_AFTER_MS);
  const longest = Math.max(0, ...queues.map(ageOf));
  if (old.length === 0) return ok(`the next tasks have waited ${spell(longest)} at most`);
  const found = old.map((queue) => `${queue.queue} (${spell(ageOf(queue))})`);
  return warning(
    `tasks wait for longer than an attempt may take: ${some(found)}`,
    'more workers, or more concurrency: goflow concurrency set <n>; startBy ends tasks that come too late to be of use',
  );
};

const ownerless: Rule = ({ queues, workers }) => {
  const { ok, unknown, warning, problem } = findingsOf('ownerless-tasks', 'docs/delivery.md');
  if (!queues) return unknown(NOT_TOLD);
  const found = queues.filter((queue) => queue.ownerless > 0);
  if (found.length === 0) return ok('each active task has a worker that holds it');
  const told = some(found.map((queue) => `${queue.ownerless} in ${queue.queue}`));
  const abandoned = found.filter((queue) => !isConsumed(queue, workers));
  if (abandoned.length > 0)
    return problem(
      `tasks are active that no worker holds, and no live worker is there to put them back: ${told}`,
      `start a worker for ${some(namesOf(abandoned))}: it puts them back by itself, half a lease after its start`,
    );
  return warning(
    `tasks are active that no worker holds: ${told}. Their worker died or froze`,
    'nothing, at first: the other workers put them back within half a lease (15 s). Look for what killed their worker: its log, the memory of its machine',
  );
};

const deadLetters: Rule = ({ queues, watchMs }) => {
  const { ok, unknown, warning } = findingsOf('dead-letters', 'docs/operations.md#dead-letters');
  if (!queues) return unknown(NOT_TOLD);
  const found = queues.filter(({ dead }) => dead.during > 0 || dead.recent >= DEAD_RECENTLY);
  const all = queues.reduce((sum, { counts }) => sum + counts.failed + counts.expired, 0);
  if (found.length === 0) return ok(all === 0 ? 'none' : `${all}, and hardly any new ones`);
  const told = found.map(
    ({ queue, dead }) =>
      `${queue} (${dead.during} within ${spell(watchMs)}, ${dead.recent} within 10 min)`,
  );
  return warning(
    `dead letters grow: ${some(told)}`,
    'goflow dead list shows how they failed: mend that, and redrive them',
  );
};

/** Of queues that were not looked at nothing is known. */
const ofAll =
  (rule: Rule): Rule =>
  (facts, contracts) => {
    const finding = rule(facts, contracts);
    if (finding.level !== 'ok' || facts.queuesLeftOut === 0) return finding;
    const left = `${plural(facts.queuesLeftOut, 'more queue')} not looked at: too many`;
    return { ...finding, level: 'unknown', found: `${finding.found}; ${left}` };
  };

/** In the order in which they are told. */
export const QUEUE_RULES: readonly Rule[] = [
  paused,
  withoutWorkers,
  stuck,
  growing,
  waitingTime,
  ownerless,
  deadLetters,
].map(ofAll);

type Workers = RedisFacts['workers'];

const consumersOf = ({ queue }: QueueFacts, workers: Workers) =>
  (workers ?? []).filter(({ state, queues }) => state === 'running' && queue in queues);

/** A live worker takes from it. */
const isConsumed = (facts: QueueFacts, workers: Workers): boolean =>
  consumersOf(facts, workers).length > 0;

/** How many tasks its live workers may run at once. */
const slotsOf = (facts: QueueFacts, workers: Workers): number =>
  consumersOf(facts, workers).reduce(
    (all, { queues }) => all + (queues[facts.queue]?.concurrency ?? 0),
    0,
  );

/** Nothing else explains that its tasks wait. */
const isTended = (queue: QueueFacts, facts: RedisFacts): boolean =>
  !queue.isPaused && slotsOf(queue, facts.workers) > 0 && !isStuck(queue, facts);

function isStuck(queue: QueueFacts, { workers, at }: RedisFacts): boolean {
  const { isNextSame, slotsTaken, isPaused, oldestDueAt = at } = queue;
  // A handler that computes without a pause is told as such.
  const isBlocked = consumersOf(queue, workers).some(isBlockedLoop);
  const hasRoom = slotsTaken < slotsOf(queue, workers) && !isBlocked;
  return !isPaused && isNextSame && hasRoom && at - oldestDueAt > STUCK_AFTER_MS;
}

/** At every look but one there were more than before, and in the end many more. */
function isGrowing({ waiting }: QueueFacts): boolean {
  const steps = waiting.slice(1).map((count, at) => count - (waiting[at] ?? 0));
  const [first = 0, last = 0] = [waiting[0], waiting.at(-1)];
  const grew = steps.filter((step) => step > 0).length;
  return last - first >= Math.max(GROWS_BY, first / 100) && grew >= steps.length - 1;
}

const namesOf = (queues: readonly QueueFacts[]): string[] => queues.map(({ queue }) => queue);
