import { isTooOld, MIN_REDIS_VERSION, type NodeFacts, type RedisFacts } from '@goflow/broker';
import { spell } from '../terminal/times.js';
import { type Finding, findingsOf, NOT_TOLD, type Rule, worst } from './finding.js';

// What is checked of each server. The source of each threshold stands with it.

/** Part of the memory that may be used. Source: faults.md: maxmemory at 75 % of what there is, as saving needs the rest. */
const MEMORY_WARNING = 0.75;
/** Ours: at 100 % Redis refuses pushes (OOM, F33 in docs/reliability.md). */
const MEMORY_PROBLEM = 0.9;

/** Source: docs/redis.md, "A managed Redis": room for the connections of all processes, and as many again for a deployment. */
const CLIENTS_WARNING = 0.5;
/** Ours: at 100 % Redis refuses connections (MAXCLIENTS, F35). */
const CLIENTS_PROBLEM = 0.9;
/** Connections: a client needs one, and one more to wait; a worker more. */
const LEAST_FREE = 2;

/** Source: F41: nothing of goflow's keeps Redis busy for 50 ms. */
const LATENCY_WARNING_MS = 50;
/** Source: `timeout` of a client is 5 s, and a push that Redis does not know yet makes up to five round trips. */
const LATENCY_PROBLEM_MS = 1_000;

/** Source: what workers tell of their own clocks (heartbeat.ts). */
const SKEW_MS = 1_000;

type NodeRule = (node: NodeFacts) => Finding;

const eachNode =
  (rule: NodeRule): Rule =>
  ({ nodes }: RedisFacts) =>
    worst(nodes.map((node) => ({ name: node.name, finding: rule(node) })));

const version: NodeRule = ({ version: found }) => {
  const { ok, unknown, problem } = findingsOf('redis-version', 'docs/redis.md');
  if (found === undefined) return unknown(NOT_TOLD);
  if (!isTooOld(found)) return ok(`Redis ${found}`);
  return problem(
    `Redis ${found} is too old: goflow needs ${MIN_REDIS_VERSION} or later`,
    'install the newest Redis 7 or later, or Valkey; its data can be taken over',
  );
};

const role: NodeRule = ({ role: found, masterName }) => {
  const { ok, unknown, problem } = findingsOf('redis-role', 'docs/redis.md');
  if (found === undefined) return unknown(NOT_TOLD);
  if (found === 'master') return ok('a master: takes writes');
  return problem(
    `this Redis is a replica${masterName ? ` of ${masterName}` : ''}: it refuses writes (READONLY), and no task can be taken`,
    `connect to its master${masterName ? `: --redis redis://${masterName}` : ''}, or through Sentinel`,
  );
};

const eviction: NodeRule = ({ evictionPolicy, evictedKeys }) => {
  const { ok, unknown, warning, problem } = findingsOf('eviction', 'docs/redis.md');
  if (evictionPolicy === undefined) return unknown(NOT_TOLD);
  if (evictionPolicy !== 'noeviction')
    return problem(
      `maxmemory-policy is ${evictionPolicy}: Redis throws tasks, results and leases away when memory is short${evictedKeys > 0 ? `; it threw ${evictedKeys} keys away since it started` : ''}`,
      'redis-cli CONFIG SET maxmemory-policy noeviction, and the same in redis.conf or in the settings of the service',
    );
  if (evictedKeys === 0) return ok('noeviction');
  return warning(
    `noeviction now, but ${evictedKeys} keys were thrown away since Redis started: tasks may be among them`,
    'push again what your own records say is not done; a restart of Redis begins to count anew',
  );
};

const persistence: NodeRule = ({
  disk: { isAppendOnly, hasSnapshots, appendFsync, isFailing },
}) => {
  const { ok, unknown, warning, problem } = findingsOf('persistence', 'docs/redis.md');
  if (isFailing)
    return problem(
      'Redis could not write to its disk: soon it refuses pushes (MISCONF), and a restart loses tasks',
      "look into Redis's log; free the disk, or give it a larger one; then redis-cli BGREWRITEAOF",
    );
  if (isAppendOnly === undefined) return unknown(NOT_TOLD);
  const turnOn =
    'redis-cli CONFIG SET appendonly yes, and the same in redis.conf, on a disk that outlives the container';
  if (isAppendOnly && appendFsync !== 'no')
    return ok(`appendonly yes${appendFsync === undefined ? '' : `, appendfsync ${appendFsync}`}`);
  if (isAppendOnly)
    return warning(
      'appendfsync is no: when the machine dies, the last half minute of pushes may be lost',
      'redis-cli CONFIG SET appendfsync everysec, and the same in redis.conf',
    );
  if (hasSnapshots === undefined)
    return unknown(
      'appendonly no; whether there are snapshots is not told: the service decides it',
    );
  if (hasSnapshots)
    return warning(
      'snapshots only (appendonly no): a crash loses all pushes and results since the last one',
      turnOn,
    );
  return problem('Redis keeps nothing on disk: a restart loses every task', turnOn);
};

const memory: NodeRule = ({ memory: { used, max, ofSystem } }) => {
  const { ok, unknown, warning, problem } = findingsOf(
    'memory',
    'docs/operations.md#redis-is-full',
  );
  const limit = max || ofSystem;
  if (used === undefined || !limit) return unknown(NOT_TOLD);
  const what = max ? 'maxmemory' : "the machine's memory (no maxmemory is set)";
  const found = `${bytes(used)} of ${bytes(limit)} used, ${percent(used / limit)} of ${what}`;
  const advice = max
    ? 'raise maxmemory, shorten retention, or add workers: goflow queues shows what is kept; at 100 % pushes are refused (OOM)'
    : "set maxmemory below the machine's, so that Redis refuses pushes before the system kills it: redis-cli CONFIG SET maxmemory <bytes>";
  if (used / limit >= MEMORY_PROBLEM) return problem(found, advice);
  if (used / limit >= MEMORY_WARNING) return warning(found, advice);
  if (max && ofSystem && max > ofSystem)
    return warning(
      `maxmemory (${bytes(max)}) is more than the machine has (${bytes(ofSystem)}): the system kills Redis before pushes are refused`,
      `redis-cli CONFIG SET maxmemory ${Math.floor(ofSystem * MEMORY_WARNING)}, and the same in redis.conf`,
    );
  return ok(found);
};

const clients: NodeRule = ({ clients: { connected, max } }) => {
  const { ok, unknown, warning, problem } = findingsOf('clients', 'docs/redis.md');
  if (connected === undefined || !max) return unknown(NOT_TOLD);
  const found = `${connected} of ${max} connections are taken`;
  const advice = `raise maxclients (redis-cli CONFIG SET maxclients ${connected * 4}), or find out with redis-cli CLIENT LIST who does not close theirs`;
  const isFull = connected / max >= CLIENTS_PROBLEM || max - connected < LEAST_FREE;
  if (isFull) return problem(found, advice);
  if (connected / max > CLIENTS_WARNING)
    return warning(`${found}: a deployment, which needs twice as many, may find no room`, advice);
  return ok(found);
};

const latency: NodeRule = ({ roundTripsMs }) => {
  const { ok, unknown, warning, problem } = findingsOf('latency', 'docs/redis.md');
  const median = roundTripsMs[Math.floor(roundTripsMs.length / 2)];
  const longest = roundTripsMs.at(-1);
  if (median === undefined || longest === undefined) return unknown(NOT_TOLD);
  const found = `an answer takes ${spell(median)}, at most ${spell(longest)}, of ${roundTripsMs.length}`;
  const advice =
    'keep workers and clients near Redis; redis-cli --latency shows the network, redis-cli SLOWLOG GET what keeps Redis busy';
  if (median >= LATENCY_PROBLEM_MS) return problem(found, advice);
  return median >= LATENCY_WARNING_MS ? warning(found, advice) : ok(found);
};

const clock: NodeRule = ({ skew }) => {
  const { ok, unknown, warning } = findingsOf('clock', 'docs/worker.md#signs-of-life');
  if (!skew) return unknown(NOT_TOLD);
  const ms = Math.abs(skew.ms);
  const apart = `${spell(ms)} ${skew.ms > 0 ? 'ahead of' : 'behind'} Redis's`;
  if (ms - skew.doubtMs <= SKEW_MS) return ok(`this machine's clock is ${apart}`);
  return warning(
    `this machine's clock is ${apart}: times in logs and options are wrong by that much, here or there`,
    'keep the clocks of all machines in step with a time service: chronyc tracking, or timedatectl status, shows whether it runs',
  );
};

const rights: Rule = ({ missingRights }) => {
  const { ok, unknown, problem } = findingsOf('rights', 'docs/redis.md');
  if (!missingRights) return unknown('not told: transactions do not work here as Redis has them');
  if (missingRights.length === 0) return ok('this user has all rights that goflow needs');
  const rule = missingRights.map((name) => `+${name}`).join(' ');
  return problem(
    `this user lacks rights: ${missingRights.join(', ')}`,
    `redis-cli ACL SETUSER <user> ${rule}, for the keys and channels of the prefix: ~<prefix>:* &<prefix>:*`,
  );
};

/** In the order in which they are told. */
export const SERVER_RULES: readonly Rule[] = [
  ...[version, role, eviction, persistence, memory, clients, latency, clock].map(eachNode),
  rights,
];

const percent = (part: number): string => `${Math.round(part * 100)} %`;

function bytes(count: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let [value, unit] = [count, 0];
  for (; value >= 1_024 && unit < units.length - 1; unit += 1) value /= 1_024;
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
