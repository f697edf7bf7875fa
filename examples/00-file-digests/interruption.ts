/** Ctrl-C and SIGTERM, as a fact that can be waited for. */
export interface Interruption {
  /** Resolves with the exit code that the first signal stands for. */
  readonly raised: Promise<number>;
  /** The same, once there was one. */
  readonly exitCode: number | undefined;
}

/** 128 + the number of the signal, as shells say it. */
const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** A terminal sends Ctrl-C to the private Redis and the workers, too: what waits for those must not wait for ever. */
const CLEAN_UP_MS = 5_000;

/** Listens from now on. The first signal lets the program clean up, in 5 s; a second one ends it at once. */
export function listenForInterruption(): Interruption {
  let exitCode: number | undefined;
  const raised = new Promise<number>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        if (exitCode !== undefined) process.exit(exitCode);
        exitCode = CODES[signal];
        setTimeout(() => process.exit(exitCode), CLEAN_UP_MS).unref();
        resolve(exitCode);
      });
  });
  return {
    raised,
    get exitCode() {
      return exitCode;
    },
  };
}
