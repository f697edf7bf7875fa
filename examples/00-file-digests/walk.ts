import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';

/** What a walk came across. */
export interface WalkTally {
  files: number;
  folders: number;
  /** Symbolic links are not followed: no loops, and nothing twice. */
  links: number;
  /** Folders that may not be read, or vanished meanwhile. */
  unreadable: number;
}

/** A tally to hand to {@link walk}. */
export function newTally(): WalkTally {
  return { files: 0, folders: 0, links: 0, unreadable: 0 };
}

/** Every real file in `root` and below, one after another: memory grows with the depth, not with the number. */
export async function* walk(root: string, tally: WalkTally = newTally()): AsyncGenerator<string> {
  tally.folders += 1;
  for await (const entry of entriesOf(root, tally)) {
    if (entry.isDirectory()) yield* walk(join(root, entry.name), tally);
    else if (entry.isSymbolicLink()) tally.links += 1;
    else if (entry.isFile()) {
      tally.files += 1;
      yield join(root, entry.name);
    }
  }
}

async function* entriesOf(folder: string, tally: WalkTally): AsyncGenerator<Dirent> {
  try {
    for await (const entry of await opendir(folder)) yield entry;
  } catch {
    tally.unreadable += 1;
  }
}
