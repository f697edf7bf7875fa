import { createHash, randomFillSync } from 'node:crypto';
import { isQueueName } from '../options/names.js';

/**
 * The id of a task: opaque to its users; to goflow `<queue>:<unique>`, and inside a chunk `<queue>:<unique of the chunk>:<index>`, so
 * that it finds its own way. `Type` is the task's type and exists for the compiler only.
 */
export type TaskId<Type extends string = string> = string & { readonly '~taskType'?: Type };

/** The parts of a task id. */
export interface TaskIdParts {
  readonly queue: string;
  /**
   * The id that BullMQ sees: 22 characters of base64url; of a task of a chunk those of the chunk, a dot and the index. BullMQ allows no
   * colon.
   */
  readonly unique: string;
  /** The chunk that the task was pushed in, where it was. */
  readonly chunk?: ChunkPlace;
}

/** Where in a chunk a task is. */
export interface ChunkPlace {
  /** 22 characters of base64url: the id that BullMQ sees. */
  readonly unique: string;
  /** From 0. */
  readonly index: number;
}

/** The most tasks that one chunk carries: a script of Redis looks at each of them. */
export const MAX_CHUNK = 1_000;

const UNIQUE = /^[A-Za-z0-9_-]{22}$/;
const UNIQUE_LENGTH = 22;
const IN_CHUNK = /^([A-Za-z0-9_-]{22}):(0|[1-9]\d{0,2})$/;
const MAX_ID_LENGTH = 64 + 1 + UNIQUE_LENGTH + 1 + 3;

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
  const rest = id.slice(at + 1);
  if (!isQueueName(queue)) return undefined;
  if (rest.length === UNIQUE_LENGTH) return UNIQUE.test(rest) ? { queue, unique: rest } : undefined;
  const [, unique, digits] = IN_CHUNK.exec(rest) ?? [];
  if (unique === undefined) return undefined;
  const index = Number(digits);
  return { queue, unique: uniqueInChunk(unique, index), chunk: { unique, index } };
}

/** The id that BullMQ sees of a task that has left its chunk. */
export const uniqueInChunk = (chunk: string, index: number): string => `${chunk}.${index}`;

/** The id of the task that BullMQ has under an id. */
export const taskIdOf = (queue: string, unique: string): TaskId =>
  `${queue}:${unique.length === UNIQUE_LENGTH ? unique : unique.replace('.', ':')}`;

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
