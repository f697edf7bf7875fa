import type { RedisFacts } from '@goflow/broker';
import type { WorkerRecord } from '@goflow/shared';
import { counted, plural } from '../terminal/counts.js';
import { spell } from '../terminal/times.js';
import { findingsOf, NOT_TOLD, type Rule, some } from './finding.js';

// What is checked of the workers that are alive.

/** Source: ours, ten times what `goflow top` shows as normal; the lag is the worst of the last 4 s. */
const LAG_WARNING_MS = 1_000;
/** Source: a worker tells of its own event loop from half a lease on (docs/operations.md, "What to watch"); the usual lease is 30 s. */
const LAG_PROBLEM_MS = 15_000;

const workers: Rule = ({ workers: alive, queues }) => {
  const { ok, unknown, warning, problem } = findingsOf(
    'workers',
    'docs/operations.md#a-stuck-queue',
  );
  if (!alive) return unknown(NOT_TOLD);
  const open = (queues ?? []).reduce((all, { counts }) => all + counts.waiting + counts.delayed, 0);
  if (alive.length === 0 && open > 0)
    return problem(
      `no worker is alive, and tasks wait: ${counted(open)}`,
      'start one: goflow-worker --tasks <file> --handlers <folder>; if one runs, compare its --redis and --prefix with yours',
    );
  if (alive.length === 0) return ok('none is alive, and nothing waits');
  const running = alive.filter(({ state }) => state === 'running');
  const idle = running.filter(({ types }) => types.length === 0);
  if (idle.length > 0)
    return problem(
      `workers without a handler: ${some(namesOf(idle))}: what they take they must hand back`,
      'look at their --handlers folder: goflow workers --types shows what each has',
    );
  const [lacking] = running.flatMap((worker) => typesThatLack(worker, alive, queues));
  if (lacking)
    return warning(
      `${lacking.worker} takes from the queue ${lacking.queue} but has no handler for ${some(lacking.types)}, which wait there: it hands them back, each time for longer`,
      'deploy the handlers there, too, or give those types a queue of their own in their contracts',
    );
  return ok(`${plural(alive.length, 'worker')} alive`);
};

/** Of types that other workers have: those that nobody has are told as such. */
function typesThatLack(
  { name, queues: own, types }: WorkerRecord,
  alive: readonly WorkerRecord[],
  queues: RedisFacts['queues'],
): { readonly worker: string; readonly queue: string; readonly types: readonly string[] }[] {
  const all = new Set(alive.flatMap((worker) => worker.types));
  return (queues ?? [])
    .filter(({ queue }) => queue in own)
    .map(({ queue, openTypes }) => ({
      worker: name,
      queue,
      types: openTypes.filter((type) => !types.includes(type) && all.has(type)),
    }))
    .filter((found) => found.types.length > 0);
}

const typesWithoutWorkers: Rule = ({ workers: alive, queues }, contracts) => {
  const { ok, unknown, warning, problem } = findingsOf(
    'types-without-workers',
    'docs/operations.md#a-stuck-queue',
  );
  if (!alive || !queues) return unknown(NOT_TOLD);
  // Told already.
  if (alive.length === 0) return ok('no worker is alive: see workers');
  const handled = new Set(alive.flatMap(({ types }) => types));
  const waiting = [...new Set(queues.flatMap(({ openTypes }) => openTypes))];
  const stranded = waiting.filter((type) => !handled.has(type)).sort();
  // One that is about to stop says that it has none.
  const isLeaving = alive.every(({ types }) => types.length === 0);
  if (isLeaving) return ok('no worker has a handler: see workers');
  const advice =
    'deploy a worker with their handlers; a task of such a type becomes a dead letter when no worker has had it for long';
  if (stranded.length > 0)
    return problem(`tasks wait that no live worker has a handler for: ${some(stranded)}`, advice);
  const idle = [...contracts.keys()].filter((type) => !handled.has(type)).sort();
  if (idle.length > 0)
    return warning(`contracts that no live worker has a handler for: ${some(idle)}`, advice);
  return ok(
    contracts.size > 0
      ? `all ${plural(contracts.size, 'contract')} have a worker`
      : 'each type that waits has a worker (--tasks <file> checks all contracts)',
  );
};

const versions: Rule = ({ workers: alive }) => {
  const { ok, unknown, warning } = findingsOf('worker-versions', 'docs/upgrades.md');
  if (!alive) return unknown(NOT_TOLD);
  const found = [...new Set(alive.map(({ version }) => version))].sort();
  const envelopes = [...new Set(alive.map(({ envelopeVersion = 1 }) => envelopeVersion))].sort(
    (a, b) => a - b,
  );
  const advice =
    'finish the deployment: goflow workers shows who runs what; until then use nothing that only the newer one understands';
  if (envelopes.length > 1)
    return warning(
      `workers read different envelopes: versions ${envelopes.join(', ')}. Those that are older hand newer tasks back`,
      advice,
    );
  if (found.length > 1) return warning(`workers run different releases: ${some(found)}`, advice);
  return ok(found.length === 0 ? 'no worker is alive' : `all run ${found[0]}`);
};

const eventLoop: Rule = ({ workers: alive }) => {
  const { ok, unknown, warning, problem } = findingsOf(
    'event-loop',
    'docs/operations.md#what-to-watch',
  );
  if (!alive) return unknown(NOT_TOLD);
  const late = alive.filter(isBlockedLoop);
  const longest = Math.round(Math.max(0, ...alive.map(({ eventLoopLagMs }) => eventLoopLagMs)));
  if (late.length === 0) return ok(`at most ${longest} ms late`);
  const found = `the event loop of ${some(namesOf(late))} was blocked for up to ${spell(longest)}`;
  const advice =
    "a handler computes without a pause: let it await now and then, or run it in a thread; the worker's log names the types (component event-loop)";
  return longest > LAG_PROBLEM_MS ? problem(found, advice) : warning(found, advice);
};

/** Its event loop was late by so much that it may take nothing for a while. */
export const isBlockedLoop = ({ eventLoopLagMs }: WorkerRecord): boolean =>
  eventLoopLagMs > LAG_WARNING_MS;

const namesOf = (records: readonly WorkerRecord[]): string[] => records.map(({ name }) => name);

/** In the order in which they are told. */
export const WORKER_RULES: readonly Rule[] = [workers, typesWithoutWorkers, versions, eventLoop];
