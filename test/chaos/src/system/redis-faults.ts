import { setTimeout as pause } from 'node:timers/promises';
import { type RedisServer, until } from '@goflow/testing';
import type { Redis } from 'ioredis';
import { QUEUES } from '../load/tasks.js';
import type { FaultName } from '../plan/fault-kinds.js';
import type { Inject } from './inject.js';
import type { Stage } from './stage.js';
import { openServer, type World } from './world.js';

type RedisFault =
  | Extract<FaultName, `redis-${string}` | `master-${string}`>
  | 'sentinels-kill'
  | 'failover-by-itself';

/** What happens to the servers. */
export const REDIS_FAULTS: Readonly<Record<RedisFault, Inject>> = {
  'redis-kill': alone((server, { lastsMs }) => killFor(server, lastsMs)),
  'redis-freeze': alone((server, { lastsMs }) => freezeFor(server, lastsMs)),
  'redis-pause-writes': admin({
    breaks: (redis, { lastsMs }) => redis.call('CLIENT', 'PAUSE', Math.round(lastsMs), 'WRITE'),
    mends: (redis) => redis.call('CLIENT', 'UNPAUSE'),
  }),
  'redis-full': admin({
    breaks: (redis) => redis.config('SET', 'maxmemory', '1'),
    mends: (redis) => redis.config('SET', 'maxmemory', '0'),
  }),
  'redis-read-only': admin({
    breaks: (redis) => redis.replicaof('127.0.0.1', 1),
    mends: (redis) => redis.replicaof('NO', 'ONE'),
  }),
  'redis-no-rights': admin({
    // The harness is asked for its rights, too: it needs those to give them back.
    breaks: (redis) =>
      redis.call('ACL', 'SETUSER', 'default', '-@all', '+@connection', '+acl', '+info'),
    mends: (redis) => redis.call('ACL', 'SETUSER', 'default', '+@all'),
  }),
  // On one connection: there may be no room for a second one.
  'redis-no-clients': alone((server, { lastsMs }) =>
    tell(server, async (redis) => {
      await redis.config('SET', 'maxclients', '1');
      await cutClients(redis);
      await pause(lastsMs);
      await redis.config('SET', 'maxclients', '10000');
    }),
  ),
  'redis-forget-scripts': everywhere(async (redis) => void (await redis.script('FLUSH'))),
  'redis-cut-clients': everywhere(cutClients),
  'master-kill': master((server, lastsMs) => killFor(server, lastsMs)),
  'master-freeze': master((server, lastsMs) => freezeFor(server, lastsMs)),
  'sentinels-kill': exclusive(async ({ world }, { lastsMs }) => {
    const servers = world.sentinels?.sentinelServers ?? [];
    await Promise.all(servers.map((server) => server.kill9()));
    await pause(lastsMs);
    await world.sentinels?.restartKilled();
    return 'all sentinels';
  }),
  async 'failover-by-itself'() {
    return 'nothing: it is seen, not made';
  },
};

async function killFor(server: RedisServer, ms: number): Promise<void> {
  await server.kill9();
  await pause(ms);
  await server.restart();
}

async function freezeFor(server: RedisServer, ms: number): Promise<void> {
  server.pause();
  await pause(ms);
  server.resume();
}

/** Worlds whose servers are being broken: one fault at a time, or they would undo each other. */
const busy = new WeakSet<World>();

function exclusive(inject: Inject): Inject {
  return async (stage, fault) => {
    if (busy.has(stage.world)) return 'left out: another fault held the servers';
    busy.add(stage.world);
    try {
      return await inject(stage, fault);
    } finally {
      busy.delete(stage.world);
    }
  };
}

type Timed = { readonly lastsMs: number };

function alone(break_: (server: RedisServer, fault: Timed) => Promise<void>): Inject {
  return exclusive(async ({ world }, fault) => {
    const [server] = world.servers;
    if (server) await break_(server, fault);
    return 'redis';
  });
}

interface Settings {
  breaks(redis: Redis, fault: Timed): Promise<unknown>;
  mends(redis: Redis): Promise<unknown>;
}

/** What is done to a server from a connection. It is mended for certain, whatever other faults do meanwhile. */
function admin({ breaks, mends }: Settings): Inject {
  return alone(async (server, fault) => {
    await tell(server, (redis) => breaks(redis, fault));
    await pause(fault.lastsMs);
    await tell(server, mends);
  });
}

/** Does something on a connection of its own, again until it is done. */
async function tell(
  server: RedisServer,
  command: (redis: Redis) => Promise<unknown>,
): Promise<void> {
  const isDone = async (): Promise<boolean> => {
    const redis = openServer(server);
    try {
      await command(redis);
      return true;
    } catch {
      return false;
    } finally {
      redis.disconnect();
    }
  };
  await until(isDone, { what: `the server on port ${server.port} was told`, timeoutMs: 20_000 });
}

/** The queues that a master holds. */
async function queuesOn({ cluster }: World, server: RedisServer): Promise<string[]> {
  if (!cluster) return [...QUEUES];
  const masters = await Promise.all(QUEUES.map((queue) => cluster.masterOf(`{${queue}}`)));
  return QUEUES.filter((_, index) => masters[index] === server);
}

/** On every server that answers. */
function everywhere(break_: (redis: Redis) => Promise<void>): Inject {
  return async ({ world }) => {
    const tries = world.servers.map(async (server) => {
      const redis = openServer(server);
      await break_(redis).finally(() => redis.disconnect());
    });
    const done = (await Promise.allSettled(tries)).filter(({ status }) => status === 'fulfilled');
    return `${done.length} of ${world.servers.length} servers`;
  };
}

/** The master that the first queue lies on. */
function master(break_: (server: RedisServer, lastsMs: number) => Promise<void>): Inject {
  return exclusive(async ({ world, prefix }: Stage, { lastsMs }) => {
    const server = world.sentinels
      ? await world.sentinels.master()
      : await world.cluster?.masterOf(`${prefix}:{default}:wait`);
    if (!server) return 'no master';
    const queues = await queuesOn(world, server);
    await break_(server, lastsMs);
    await world.waitUntilWhole();
    return `the master of ${queues.join(', ')} on port ${server.port}`;
  });
}

/** All but the sentinels, which would take their master for dead, replicas, and the harness. */
async function cutClients(redis: Redis): Promise<void> {
  const lines = String(await redis.client('LIST')).split('\n');
  const clients = lines.filter((line) => /flags=[NPb]/.test(line));
  const others = clients.filter((line) => !/name=(?:sentinel|chaos)/.test(line));
  for (const line of others) {
    const id = /^id=(\d+)/.exec(line)?.[1];
    if (id) await redis.call('CLIENT', 'KILL', 'ID', id);
  }
}
