import { createHash, randomFillSync } from 'node:crypto';
import { isQueueName } from '../options/names.js';

/**
 * The id of a task: opaque to its users, `<queue>:<unique>` to goflow, so that it finds its own way. `Type` is the task's
 * type and exists for the compiler only.
 */
export type TaskId<Type extends string = string> = string & { readonly '~taskType'?: Type };

/** The parts of a task id. */
export interface TaskIdParts {
  readonly queue: string;
  /** 22 characters of base64url: the id that BullMQ sees. */
  readonly unique: string;
}

const UNIQUE = /^[A-Za-z0-9_-]{22}$/;
const MAX_ID_LENGTH = 64 + 1 + 22;

/** A new id in a queue. */
export function newTaskId<Type extends string>(queue: string): TaskId<Type> {
  return `${queue}:${newUnique()}`;
}

/** The id that belongs to a key chosen by a caller: always the same, and never a name that BullMQ keeps for itself. */
export function taskIdOfKey<Type extends string>(queue: string, key: string): TaskId<Type> {
  const hash = createHash('sha256').update(key).digest('base64url').slice(0, 21);
  return `${queue}:k${hash}`;
}

/** Takes an id apart; `undefined` for anything that is no task id. */
export function parseTaskId(id: unknown): TaskIdParts | undefined {
  if (typeof id !== 'string' || id.length > MAX_ID_LENGTH) return undefined;
  const at = id.indexOf(':');
  if (at === -1) return undefined;
  const queue = id.slice(0, at);
  const unique = id.slice(at + 1);
  return isQueueName(queue) && UNIQUE.test(unique) ? { queue, unique } : undefined;
}

const POOL_IDS = 256;
const ID_BYTES = 16;
const pool = Buffer.alloc(POOL_IDS * ID_BYTES);
let used = POOL_IDS;

/**
 * The 16 bytes of a uuid version 7 (RFC 9562: 48 bits of milliseconds, then chance) in base64url: 22 characters where
 * a written uuid has 36. An id is stored some five times a task, so length is memory. It begins with a letter for the next
 * thousand years, so it is neither an integer nor one of BullMQ's own key names.
 */
function newUnique(): string {
  if (used === POOL_IDS) {
    randomFillSync(pool);
    used = 0;
  }
  const at = used * ID_BYTES;
  used += 1;
  pool.writeUIntBE(Date.now(), at, 6);
  pool[at + 6] = 0x70 | ((pool[at + 6] ?? 0) & 0x0f);
  pool[at + 8] = 0x80 | ((pool[at + 8] ?? 0) & 0x3f);
  return pool.toString('base64url', at, at + ID_BYTES);
}
