import { type Goflow, TaskFailedError, type TaskFailure, type TaskId } from '@goflow/sdk';
import type { FileDigest, tasks } from './tasks.js';

/** The client of this program. */
export type DigestClient = Goflow<(typeof tasks)['definitions']>;

/** How one task ended. */
export interface Outcome {
  readonly id: TaskId<'file.digest'>;
  readonly path: string;
  readonly digest?: FileDigest;
  readonly failure?: TaskFailure;
}

/** One round trip pushes this many. */
const SLICE = 1_000;
/** Slices on their way at once: memory is bounded, and workers never run dry while the next slice is read. */
const LANES = 4;
/** A task behind a huge file waits for long. */
const PATIENCE = '10m';

/** Pushes a task for every path, and tells of each outcome as it comes. */
export async function collect(
  goflow: DigestClient,
  paths: AsyncIterable<string>,
  onOutcome: (outcome: Outcome) => void,
): Promise<void> {
  const slices = slicesOf(paths);
  const lane = async () => {
    // All lanes take from the same generator, so each slice is taken once.
    for await (const slice of slices) {
      const payloads = slice.map((path) => ({ path }));
      const ids = await goflow.pushMany('file.digest', payloads);
      await Promise.all(
        ids.map(async (id, n) => onOutcome(await outcomeOf(goflow, id, slice[n] ?? ''))),
      );
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

async function outcomeOf(goflow: DigestClient, id: Outcome['id'], path: string): Promise<Outcome> {
  try {
    return { id, path, digest: await goflow.wait(id, { timeout: PATIENCE }) };
  } catch (error) {
    if (error instanceof TaskFailedError) return { id, path, failure: error.failure };
    throw error;
  }
}

async function* slicesOf(paths: AsyncIterable<string>): AsyncGenerator<string[]> {
  let slice: string[] = [];
  for await (const path of paths) {
    slice.push(path);
    if (slice.length < SLICE) continue;
    yield slice;
    slice = [];
  }
  if (slice.length > 0) yield slice;
}
