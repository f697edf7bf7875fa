import { until } from '@goflow/testing';
import type { Crew } from '../system/crew.js';
import type { Member } from '../system/member.js';
import type { Stage } from '../system/stage.js';
import type { Breach } from './breach.js';
import type { Observer } from './observer.js';

/** A worker has one, one a queue, one for cancellations, one of its second thread; a client has three at most: docs/redis.md. */
const CONNECTIONS = { worker: 5, producer: 3, observer: 3 };
/** Redis sees a connection that was cut far away a little later. */
const CONNECTIONS_MS = 20_000;
const ANSWER_MS = 20_000;
/** Of a young process: code is compiled and caches fill. What grows without bound is found by a soak. */
const MAY_GROW = { times: 1.5, bytes: 16 * 1024 * 1024 };

/** At rest there are no more connections than processes may have. */
export async function judgeConnections(
  { world, crew }: Stage,
  observer: Observer,
): Promise<Breach[]> {
  const each = world.kind === 'cluster' ? world.servers.length : 1;
  const workers = crew.members('worker').length * CONNECTIONS.worker;
  const producers = crew.members('producer').length * CONNECTIONS.producer;
  const most = (workers + producers + CONNECTIONS.observer) * each;
  let found = 0;
  const isBack = async (): Promise<boolean> => {
    found = await observer.connections();
    return found <= most;
  };
  try {
    await until(isBack, { what: 'connections are back', timeoutMs: CONNECTIONS_MS });
    return [];
  } catch {
    const what = `Redis has ${found} connections, expected ${most} at most`;
    return [{ kind: 'connections', what }];
  }
}

/** Looks at the memory of every process now, and later judges that of those that are still there. */
export async function watchMemory(crew: Crew): Promise<{ judge(): Promise<Breach[]> }> {
  const before = await heapsOf(crew);
  return {
    async judge() {
      const now = await heapsOf(crew);
      return [...now].flatMap(([member, heap]) => {
        const young = before.get(member);
        const most = (young ?? heap) * MAY_GROW.times + MAY_GROW.bytes;
        if (heap <= most) return [];
        const what = `${member.name} holds ${heap} bytes after garbage was collected, ${young} at its start`;
        return [{ kind: 'memory', what }];
      });
    },
  };
}

/** Bytes after garbage was collected, of all that answer. */
async function heapsOf(crew: Crew): Promise<Map<Member, number>> {
  const heaps = new Map<Member, number>();
  const members = [...crew.members('worker'), ...crew.members('producer')];
  await Promise.all(
    members.map(async (member) => {
      member.tell({ do: 'memory' });
      const answer = await member.answer('memory', ANSWER_MS);
      if (answer) heaps.set(member, answer.heap);
    }),
  );
  return heaps;
}
