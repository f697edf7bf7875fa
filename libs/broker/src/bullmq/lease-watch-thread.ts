// The thread of LeaseWatch: renews leases while the main thread is blocked.
import { parentPort, workerData } from 'node:worker_threads';
import type { Cluster, Redis } from 'ioredis';
import type { WatchData, WatchedWorker } from './lease-watch.js';

/**
 * Renews the locks that a worker holds in its queue, and takes them off the list of suspects.
 * KEYS: the active list, the stalled set. ARGV: key base, worker id, lease in ms. Output: how many were renewed.
 */
const RENEW = `
local renewed = 0
for _, id in ipairs(redis.call('LRANGE', KEYS[1], 0, -1)) do
  local lock = ARGV[1] .. id .. ':lock'
  local token = redis.call('GET', lock)
  if token and string.sub(token, 1, #ARGV[2]) == ARGV[2] then
    redis.call('PEXPIRE', lock, ARGV[3])
    redis.call('SREM', KEYS[2], id)
    renewed = renewed + 1
  end
end
return renewed`;

/** Longer than this many leases, a blocked process is as good as dead, and its tasks are let go. */
const MAX_LEASES = 10;

const { beat, connection, leaseMs } = workerData as WatchData;
const workers: WatchedWorker[] = [];
/**
 * Not at the start, where the first tasks would have to share the machine with it; and not when it is needed, because time is short then.
 */
const load = () => import('ioredis');
let ioredis: ReturnType<typeof load> | undefined;
let redis: Promise<Redis | Cluster> | undefined;
let lastBeat = -1;
let blockedSince = 0;

/** A consumer that is built anew has another id; the tasks of those before may still run. */
const MAX_OF_QUEUE = 4;

parentPort?.on('message', (worker: WatchedWorker) => {
  workers.push(worker);
  const ofQueue = workers.filter(({ keyBase }) => keyBase === worker.keyBase);
  const [oldest] = ofQueue;
  if (oldest && ofQueue.length > MAX_OF_QUEUE) workers.splice(workers.indexOf(oldest), 1);
});

setInterval(() => {
  ioredis ??= load();
  const current = Atomics.load(beat, 0);
  if (current !== lastBeat) {
    lastBeat = current;
    blockedSince = performance.now();
    return;
  }
  const blockedMs = performance.now() - blockedSince;
  if (blockedMs > leaseMs / 8 && blockedMs < leaseMs * MAX_LEASES)
    for (const worker of workers) void renew(worker, ioredis);
}, leaseMs / 12);

type Ioredis = ReturnType<typeof load>;

async function renew({ id, keyBase }: WatchedWorker, loaded: Ioredis): Promise<void> {
  redis ??= connect(loaded);
  const keys = [`${keyBase}active`, `${keyBase}stalled`];
  const connected = await redis;
  // When Redis is away there is nothing to renew.
  await connected.eval(RENEW, keys.length, ...keys, keyBase, id, leaseMs).catch(() => undefined);
}

async function connect(loaded: Ioredis): Promise<Redis | Cluster> {
  const { Cluster, Redis } = await loaded;
  const { options, nodes } = connection;
  const redisOptions = { ...options, maxRetriesPerRequest: 1, connectTimeout: 2_000 };
  const opened = nodes ? new Cluster([...nodes], { redisOptions }) : new Redis(redisOptions);
  opened.on('error', () => undefined);
  return opened;
}
