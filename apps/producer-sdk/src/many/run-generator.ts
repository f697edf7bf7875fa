/** Something that begins, gives one thing after another, and can be stopped at any time. */
export interface Run<T extends object> {
  /** Called once, when the first thing is asked for. Does not throw. */
  start(): void;
  /** The next thing; `undefined` at the end. Called again only when the call before has settled. */
  take(): Promise<T | undefined>;
  /**
   * Ends everything that is under way, before it returns; a `take` that waits gives `undefined`. The promise is for what takes
   * time. May be called often, and before `start`: the first call counts.
   */
  stop(): Promise<void>;
}

/**
 * The async generator of a run: it starts with the first `next()`, and stops with its end, its error, `return()` or `throw()`.
 * Several consumers may share it: each thing goes to one of them, an error to one of them, and the others see the end.
 */
export function runGenerator<T extends object>(run: Run<T>): AsyncGenerator<T, void, undefined> {
  const things = thingsOf(run);
  // A bare generator answers `return()` only after the `next()` before it, which may wait for a task that takes a day:
  // a stream made of it could not be destroyed. So the run is stopped first.
  const leave = async (): Promise<void> => {
    await Promise.all([run.stop(), things.return()]);
  };
  return {
    next: () => things.next(),
    return: async () => {
      await leave();
      return { done: true, value: undefined };
    },
    throw: async (error: unknown) => {
      await leave().catch(() => undefined);
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: leave,
  };
}

async function* thingsOf<T extends object>(run: Run<T>): AsyncGenerator<T, void, undefined> {
  try {
    run.start();
    for (;;) {
      const thing = await run.take();
      if (thing === undefined) return;
      yield thing;
    }
  } finally {
    // Its error is told to the one who leaves; here it would hide the error that ended the run.
    await run.stop().catch(() => undefined);
  }
}
