// The planted bugs of `plan/bugs.ts`, as far as they are planted in a process.
import { setTimeout as pause } from 'node:timers/promises';
import type { RedisGiven } from '@goflow/broker';
import type { Worker } from '@goflow/worker';
import { RedisQueueBackend } from 'bullmq';
import { Redis } from 'ioredis';
import type { RedisSettings } from './orders.js';
import type { Done } from './tasks.js';

/** What a worker process does otherwise. */
export interface PlantedInWorker {
  readonly redis: (given: RedisGiven) => RedisGiven;
  /** Does the work of a task and gives what it returns. */
  readonly effect: (done: Done, write: () => void) => Done;
  readonly stop: (worker: Worker) => Promise<void>;
}

/** What a producer process does otherwise. */
export interface PlantedInProducer {
  readonly redis: (given: RedisGiven) => RedisGiven;
  readonly again: boolean;
  readonly onPush: (settings: RedisSettings) => void;
}

const RIGHT_IN_WORKER: PlantedInWorker = {
  redis: (given) => given,
  effect(done, write) {
    write();
    return done;
  },
  stop: (worker) => worker.stop(),
};

const RIGHT_IN_PRODUCER: PlantedInProducer = {
  redis: (given) => given,
  again: false,
  onPush: () => undefined,
};

/** Settings of ioredis put in, where it is given settings. */
const withSettings =
  (settings: object) =>
  (given: RedisGiven): RedisGiven =>
    given instanceof Object && !('duplicate' in given) ? { ...given, ...settings } : given;

/** How long after its return a task's work is done, where that is the bug: in milliseconds. */
const LATE_MS = 1_000;

/** Plants a bug in a worker process; a worker without one for any other name. */
export function plantInWorker(bug: string | undefined): PlantedInWorker {
  const { prototype } = RedisQueueBackend;
  if (bug === 'no-stalled-check') prototype.moveStalledJobsToWait = async () => [];
  if (bug === 'max-stalled-1') limitStalls(1);
  if (bug === 'no-socket-timeout')
    return { ...RIGHT_IN_WORKER, redis: withSettings({ socketTimeout: 0 }) };
  if (bug === 'early-return') return { ...RIGHT_IN_WORKER, effect: returnEarly };
  if (bug === 'swapped-results') return { ...RIGHT_IN_WORKER, effect: swapper() };
  if (bug === 'close-without-deadline') return { ...RIGHT_IN_WORKER, stop: waitForAll };
  return RIGHT_IN_WORKER;
}

/** Plants a bug in a producer process. */
export async function plantInProducer(bug: string | undefined): Promise<PlantedInProducer> {
  if (bug === 'events-only') await deafenPoller();
  if (bug === 'connection-leak') return { ...RIGHT_IN_PRODUCER, onPush: leaker() };
  if (bug === 'no-job-id') {
    const redis = withSettings({ autoResendUnfulfilledCommands: false });
    return { ...RIGHT_IN_PRODUCER, redis, again: true };
  }
  return RIGHT_IN_PRODUCER;
}

function limitStalls(most: number): void {
  const prototype = RedisQueueBackend.prototype as unknown as {
    moveStalledJobsToWaitArgs(): (string | number)[];
  };
  const original = prototype.moveStalledJobsToWaitArgs;
  prototype.moveStalledJobsToWaitArgs = function limited(): (string | number)[] {
    // Nine keys, then the limit.
    return original.call(this).with(9, most);
  };
}

function returnEarly(done: Done, write: () => void): Done {
  setTimeout(write, LATE_MS);
  return done;
}

/** Every twentieth task gets the result of the one before. */
function swapper(): PlantedInWorker['effect'] {
  let count = 0;
  let before: Done | undefined;
  return (done, write) => {
    write();
    count += 1;
    const given = count % 20 === 0 && before ? before : done;
    before = done;
    return given;
  };
}

async function waitForAll(worker: Worker): Promise<void> {
  await worker.quiet();
  while (Object.values(worker.active).some((active) => active > 0)) await pause(50);
  await worker.stop();
}

/** The client's net below the messages, taken away. */
async function deafenPoller(): Promise<void> {
  const file = new URL('poller.js', import.meta.resolve('@goflow/sdk')).href;
  const { Poller } = (await import(file)) as { Poller: { prototype: Record<string, unknown> } };
  Poller.prototype.add = () => undefined;
  Poller.prototype.lookNow = () => undefined;
}

function leaker(): PlantedInProducer['onPush'] {
  let count = 0;
  return (settings) => {
    count += 1;
    if (count % 20 === 0 && settings.kind === 'alone') new Redis(settings.port, settings.host);
  };
}
