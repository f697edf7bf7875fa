import type { QueueCounts, WorkerRecord } from '@goflow/shared';

// What `examineRedis` finds out. What it may not ask, or what nobody answers, is `undefined`: not known, and no fault.

/** One server: the Redis itself, or a master of a Redis Cluster. */
export interface NodeFacts {
  /** `host:port` */
  readonly name: string;
  readonly version: string | undefined;
  readonly role: string | undefined;
  /** Of a replica: `host:port`. */
  readonly masterName: string | undefined;
  /** How many replicas are connected to it. */
  readonly replicas: number | undefined;
  readonly evictionPolicy: string | undefined;
  /** Since it was started. */
  readonly evictedKeys: number;
  readonly memory: MemoryFacts;
  readonly disk: DiskFacts;
  readonly clients: ClientFacts;
  /** How long an answer took, in milliseconds, the shortest first. */
  readonly roundTripsMs: readonly number[];
  /** By how much this machine's clock is ahead of the server's (behind: negative), in milliseconds, and how doubtful that is. */
  readonly skew: { readonly ms: number; readonly doubtMs: number } | undefined;
}

/** In bytes. */
export interface MemoryFacts {
  readonly used: number | undefined;
  /** 0: no limit. */
  readonly max: number | undefined;
  readonly ofSystem: number | undefined;
}

/** What a server keeps on its disk. */
export interface DiskFacts {
  readonly isAppendOnly: boolean | undefined;
  readonly hasSnapshots: boolean | undefined;
  /** `always`, `everysec` or `no`. */
  readonly appendFsync: string | undefined;
  /** Its last write failed. */
  readonly isFailing: boolean;
}

/** Connections to a server. */
export interface ClientFacts {
  readonly connected: number | undefined;
  readonly max: number | undefined;
}

/** A Redis Cluster as a whole. */
export interface ClusterFacts {
  /** `ok`, or not. */
  readonly state: string | undefined;
  /** Of 16,384. */
  readonly slotsOk: number | undefined;
}

/** A prefix under which BullMQ queues lie. */
export interface PrefixFacts {
  readonly prefix: string;
  /** Queue names in a hash tag, as goflow names them: all keys of one queue are in one slot. */
  readonly tagged: readonly string[];
  /** Names without: their keys are in many slots. */
  readonly untagged: readonly string[];
}

/** What the names of keys tell. */
export interface KeyFacts {
  /** False: there are too many keys to look at all of them in time. */
  readonly isComplete: boolean;
  readonly looked: number;
  /** Each with a queue at least. */
  readonly prefixes: readonly PrefixFacts[];
}

/** One queue, watched for a while. */
export interface QueueFacts {
  readonly queue: string;
  readonly isPaused: boolean;
  /** At the end. */
  readonly counts: QueueCounts;
  /** How many tasks waited, from the beginning of the watch to its end. */
  readonly waiting: readonly number[];
  /** Entries that workers hold: tasks, and chunks that count as one. */
  readonly slotsTaken: number;
  /** The task that is to be taken next was the same at the beginning and at the end, and may be taken. */
  readonly isNextSame: boolean;
  /** When the task was due that has been due longest and was never begun, in milliseconds since 1970. Of the first in line. */
  readonly oldestDueAt: number | undefined;
  /** Delayed tasks that are due: the next worker that looks takes them. */
  readonly overdue: number;
  /** Types of some of the tasks that wait or are delayed. */
  readonly openTypes: readonly string[];
  /** Tasks that are active, but that no worker holds, at the beginning and at the end. */
  readonly ownerless: number;
  /** Dead letters: those that came during the watch, and in the last 10 minutes. */
  readonly dead: { readonly during: number; readonly recent: number };
}

/** All that could be found out. */
export interface RedisFacts {
  readonly prefix: string;
  /** The time at Redis, at the end, in milliseconds since 1970. */
  readonly at: number;
  readonly watchMs: number;
  readonly nodes: readonly NodeFacts[];
  /** `null`: it is none. */
  readonly cluster: ClusterFacts | null;
  /** Of the rights that docs/redis.md lists, those that the user does not have. */
  readonly missingRights: readonly string[] | undefined;
  readonly keys: KeyFacts | undefined;
  /** The workers that are alive. */
  readonly workers: readonly WorkerRecord[] | undefined;
  readonly queues: readonly QueueFacts[] | undefined;
  /** Queues that were not looked at, because there are too many. */
  readonly queuesLeftOut: number;
}
