import type {
  ChunkEnvelope,
  PushEnd,
  Pushed,
  TaskEnvelope,
  TraceCarrier,
  Tracing,
} from '@goflow/shared';
import type { PushResult } from './task-sender.js';

/** Sends a task as a part of a trace, which goes with it. */
export function pushTraced(
  tracing: Tracing,
  envelope: TaskEnvelope,
  send: (envelope: TaskEnvelope) => Promise<Pushed>,
): Promise<Pushed> {
  const { id, queue, type, traceparent } = envelope;
  return tracing.push(
    { id, queue, type, traceparent },
    (carrier) => send({ ...envelope, ...carrier }),
    (pushed) => (pushed.deduplicated ? { deduplicated: pushed.id } : undefined),
  );
}

/** Sends many as one part of a trace. One that was pushed with a `traceparent` that the others have not is of that trace alone. */
export function sendTraced(
  tracing: Tracing,
  envelopes: readonly TaskEnvelope[],
  send: (envelopes: readonly TaskEnvelope[]) => Promise<PushResult[]>,
): Promise<PushResult[]> {
  const traceparent = common(envelopes, (one) => one.traceparent);
  const isOne = envelopes.every((one) => one.traceparent === traceparent);
  const withTrace = (carrier: TraceCarrier) => (one: TaskEnvelope) =>
    isOne || one.traceparent === undefined ? { ...one, ...carrier } : one;
  return tracing.push(
    {
      queue: common(envelopes, ({ queue }) => queue),
      type: common(envelopes, ({ type }) => type),
      count: envelopes.length,
      traceparent,
    },
    (carrier) => send(envelopes.map(withTrace(carrier))),
    (sent) => endOf(sent.map((one) => ('error' in one ? [one.error, 1] : [undefined, 1]))),
  );
}

/** Sends the chunks of one push as one part of a trace. */
export function sendChunksTraced(
  tracing: Tracing,
  chunks: readonly ChunkEnvelope[],
  send: (chunks: readonly ChunkEnvelope[]) => Promise<readonly (Error | undefined)[]>,
): Promise<readonly (Error | undefined)[]> {
  const { queue, type, traceparent } = chunks[0] as ChunkEnvelope;
  const sizes = chunks.map(({ payloadsJson }) => payloadsJson.length);
  const count = sizes.reduce((sum, size) => sum + size, 0);
  return tracing.push(
    { queue, type, count, traceparent },
    (carrier) => send(chunks.map((chunk) => ({ ...chunk, ...carrier }))),
    (errors) => endOf(errors.map((error, place) => [error, sizes[place] ?? 0])),
  );
}

function endOf(
  outcomes: readonly (readonly [error: Error | undefined, tasks: number])[],
): PushEnd | undefined {
  const failed = outcomes.filter(([error]) => error);
  if (failed.length === 0) return undefined;
  const [first] = failed;
  return { failed: failed.reduce((sum, [, tasks]) => sum + tasks, 0), error: first?.[0] };
}

/** What all have in common. */
function common<T, V>(all: readonly T[], read: (one: T) => V): V | undefined {
  const first = read(all[0] as T);
  return all.every((one) => read(one) === first) ? first : undefined;
}
