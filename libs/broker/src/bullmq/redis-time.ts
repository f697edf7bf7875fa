import type { RedisQueueBackend } from 'bullmq';
import type { RedisClock } from './fleet/redis-clock.js';

type Call = (...args: never) => Promise<unknown>;
type Exec = (client: unknown, name: string, args: unknown[]) => Promise<unknown>;

/** Where `moveToActive` has the time among its arguments: after eleven keys and the key base. */
const TIME_ARGUMENT = 12;
/** Where an answer with the next job has the time of the next delayed one. */
const DELAY_UNTIL = 3;

/**
 * Lets a worker take tasks by the clock of Redis. BullMQ sends this machine's time and believes it: a clock that is an hour fast would
 * start delayed tasks an hour early. Times that come back are turned into this machine's, because BullMQ compares those with its clock.
 */
export function inRedisTime(backend: RedisQueueBackend, clock: RedisClock): RedisQueueBackend {
  const calls = backend as unknown as Record<string, Call> & { execCommand: Exec };
  const exec = calls.execCommand.bind(backend);
  calls.execCommand = (client, name, args) => {
    if (name === 'moveToActive') args[TIME_ARGUMENT] = clock.now();
    return exec(client, name, args);
  };
  for (const name of ['moveToActive', 'moveToFinished', 'moveToDelayed'] as const) {
    const call = calls[name]?.bind(backend);
    if (call) calls[name] = async (...args) => withLocalDelay(await call(...args), clock);
  }
  const wait = backend.waitForJob.bind(backend);
  backend.waitForJob = async (timeout) => {
    const marker = await wait(timeout);
    // 0 is no time: there is something to take at once.
    return marker && marker.score > 0 ? { ...marker, score: marker.score + clock.skewMs } : marker;
  };
  return backend;
}

function withLocalDelay(answer: unknown, clock: RedisClock): unknown {
  if (!Array.isArray(answer)) return answer;
  const until: unknown = answer[DELAY_UNTIL];
  if (typeof until === 'number' && until > 0) answer[DELAY_UNTIL] = until + clock.skewMs;
  return answer;
}
