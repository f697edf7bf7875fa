import {
  type Goflow,
  PushIncompleteError,
  type PushOptions,
  type TaskDefinitions,
} from '@goflow/sdk';

/** A chunk of a single payload is a chunk, too. */
const CHUNK = 2;

/**
 * A client of which each task lies in a chunk: a task that is pushed by itself in one of its own, those of `pushMany` and `map` two by two.
 * What no chunk can carry is pushed as it is.
 */
export function pushInChunks<D extends TaskDefinitions>(goflow: Goflow<D>): Goflow<D> {
  type Client = Goflow<D>;
  const push: Client['push'] = async (type, payload, options) => {
    if (!canBeInChunk(options)) return goflow.push(type, payload, options);
    const [id] = await goflow
      .pushMany(type, [payload], { ...options, chunk: CHUNK })
      .catch((error: unknown) => {
        throw asOfOne(error);
      });
    return id as NonNullable<typeof id>;
  };
  const pushMany: Client['pushMany'] = (type, payloads, options) =>
    goflow.pushMany(
      type,
      payloads,
      canBeInChunk(options) ? { chunk: CHUNK, ...(options as PushOptions) } : options,
    );
  const map: Client['map'] = (type, source, options) =>
    goflow.map(type, source, { chunk: CHUNK, ...options });
  return new Proxy(goflow, {
    get(target, name) {
      if (name === 'push') return push;
      if (name === 'pushMany') return pushMany;
      if (name === 'map') return map;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function canBeInChunk(options: unknown): boolean {
  if (typeof options === 'function') return false;
  const { id, deduplicationKey } = (options ?? {}) as PushOptions;
  return id === undefined && deduplicationKey === undefined;
}

/** What `push` would have thrown. */
function asOfOne(error: unknown): unknown {
  if (!(error instanceof PushIncompleteError)) return error;
  const [outcome] = error.outcomes;
  return outcome && !outcome.pushed ? outcome.error : error;
}
