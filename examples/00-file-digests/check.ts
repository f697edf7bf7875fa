import { createHash } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import type { DigestClient, Outcome } from './collect.js';

/** What the check of a sample found. */
export interface Findings {
  /** Results that equal what this process computed. */
  readonly equal: number;
  /** Files that changed or vanished since the run began: they prove nothing. */
  readonly changed: number;
  readonly differing: readonly string[];
}

/** Asks for the results of the sample once more, with `getResult`, and computes each in another way. */
export async function checkSample(
  goflow: DigestClient,
  sample: readonly Outcome[],
  beganAt: number,
): Promise<Findings> {
  let equal = 0;
  let changed = 0;
  const differing: string[] = [];
  for (const { id, path } of sample) {
    const result = await goflow.getResult(id);
    const value = result.status === 'completed' ? result.value : undefined;
    const own = await ownDigest(path);
    const isEqual =
      own?.sha256 === value?.sha256 && own?.bytes === value?.bytes && own?.lines === value?.lines;
    if (own && value && isEqual) equal += 1;
    else if (await changedSince(path, beganAt)) changed += 1;
    else differing.push(path);
  }
  return { equal, changed, differing };
}

/** The failures that have no reason in the file: this process can read what the worker could not. */
export async function unexplained(failures: readonly Outcome[]): Promise<Outcome[]> {
  const found: Outcome[] = [];
  for (const outcome of failures) if (await isReadable(outcome.path)) found.push(outcome);
  return found;
}

async function isReadable(path: string): Promise<boolean> {
  const file = await open(path).catch(() => undefined);
  if (file === undefined) return false;
  try {
    await file.read();
    return true;
  } catch {
    return false;
  } finally {
    await file.close();
  }
}

/** The whole file at once, byte by byte: slower than the handler, and harder to get wrong. */
async function ownDigest(path: string) {
  const content = await readFile(path).catch(() => undefined);
  if (content === undefined) return undefined;
  let lines = 0;
  for (const byte of content) if (byte === 10) lines += 1;
  return {
    sha256: createHash('sha256').update(content).digest('hex'),
    bytes: content.length,
    lines,
  };
}

async function changedSince(path: string, time: number): Promise<boolean> {
  const facts = await stat(path).catch(() => undefined);
  return facts === undefined || Math.max(facts.mtimeMs, facts.ctimeMs) >= time;
}
