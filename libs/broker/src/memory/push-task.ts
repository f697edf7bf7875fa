import { isDeepStrictEqual } from 'node:util';
import { type ChunkEnvelope, GoflowError, type Pushed, type TaskEnvelope } from '@goflow/shared';
import { hasKey, type WithKey } from './deduplication.js';
import type { StoredTask } from './stored-task.js';
import { parsedJson } from './task-answers.js';
import type { TaskStore } from './task-store.js';

/** Puts a task into its queue, or finds the one that is the same. @throws TASK_ID_TAKEN */
export function pushTask(store: TaskStore, envelope: TaskEnvelope): Pushed {
  const known = store.find(envelope.id);
  if (known) return pushAgain(known, envelope);
  const pushed = hasKey(envelope) ? pushKeyed(store, envelope) : undefined;
  if (pushed) return pushed;
  store.add(withDebounce(envelope));
  return { id: envelope.id, deduplicated: false };
}

/** Puts the tasks of a chunk into their queue, once, however often it is sent. */
export function pushChunk(store: TaskStore, chunk: ChunkEnvelope): void {
  const isKnown = chunk.payloadsJson.some((_, index) => store.find(`${chunk.id}:${index}`));
  if (!isKnown) store.addChunk(chunk);
}

function pushAgain(known: StoredTask, envelope: TaskEnvelope): Pushed {
  const { id } = known;
  // Nobody else can have an id that goflow made: it is the same push, sent twice.
  if (!envelope.isOwnId) return { id, deduplicated: false };
  if (known.type === envelope.type && isSamePayload(known, envelope))
    return { id, deduplicated: true };
  throw new GoflowError('TASK_ID_TAKEN', `the task ${id} is there already, with another payload`, {
    details: { id },
  });
}

/** The order of an object's keys makes no other payload. */
function isSamePayload({ envelope: { payloadJson: known } }: StoredTask, given: TaskEnvelope) {
  const { payloadJson } = given;
  return known === payloadJson || isDeepStrictEqual(parsedJson(known), parsedJson(payloadJson));
}

function pushKeyed(store: TaskStore, envelope: WithKey): Pushed | undefined {
  const id = store.deduplication.find(envelope, store.clock.now());
  if (id === undefined) return undefined;
  if (envelope.deduplication.mode !== 'debounce') return { id, deduplicated: true };
  const task = store.find(id);
  if (!task || !canStillChange(task)) return undefined;
  debounce(store, task, envelope);
  return { id, deduplicated: true };
}

/** Once it is due its key does not stand for it any more; but a push of another mode may have made it. */
function canStillChange({ state, starts }: StoredTask): boolean {
  return state === 'delayed' && starts === 0;
}

/** The task gets the payload of its last push, and its full wait again. */
function debounce(store: TaskStore, task: StoredTask, last: WithKey): void {
  const { payloadJson, deduplication } = last;
  const { windowMs } = deduplication;
  // As a reader sees it, its delay counts from its first push.
  const delayMs = Math.max(last.pushedAt - task.pushedAt, 0) + windowMs;
  const { startBy, envelopeVersion } = last;
  task.envelope = {
    ...task.envelope,
    payloadJson,
    envelopeVersion,
    deduplication,
    delayMs,
    ...(startBy === undefined ? {} : { startBy }),
  };
  store.openQueue(task.queue).delay(task, store.clock.now() + windowMs);
  store.claim(task);
}

/** The window of a debounce is its delay. */
function withDebounce(envelope: TaskEnvelope): TaskEnvelope {
  const { deduplication } = envelope;
  if (deduplication?.mode !== 'debounce') return envelope;
  return { ...envelope, delayMs: deduplication.windowMs };
}
