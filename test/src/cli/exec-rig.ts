import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChildProgram, startProgram, until } from '@goflow/testing';
import { onTestFinished } from 'vitest';
import { GOFLOW } from './cli.js';

/** A command, as it is written. */
export interface Job {
  readonly identifier: string;
  readonly command: string;
  readonly args?: readonly string[];
  readonly [field: string]: unknown;
}

/** A result, as it is printed. */
export interface JobResult {
  readonly identifier: string;
  readonly exit_code: number;
  readonly result_body: string;
  readonly [field: string]: unknown;
}

/** A command whose program starts fast. */
export const sh = (identifier: string, script: string): Job => ({
  identifier,
  command: 'sh',
  args: ['-c', script],
});

/** So many commands, each of which prints its number. */
export const counting = (count: number, before = ''): Job[] =>
  Array.from({ length: count }, (_, index) => sh(`job ${index}`, `${before}echo ${index}`));

/** What {@link counting} comes to. */
export const counted = (count: number): unknown[] =>
  Array.from({ length: count }, (_, index) => [`job ${index}`, 0, `${index}\n`]);

/** The three fields of the seed. */
export const inShort = (results: readonly JobResult[]): unknown[] =>
  results.map(({ identifier, exit_code, result_body }) => [identifier, exit_code, result_body]);

/** The results, which are the last line that is printed. */
export function resultsIn(stdout: string): JobResult[] {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as JobResult[];
}

/** A folder of the test's own, with files; what is no text is written as JSON. */
export async function folderWith(files: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'goflow-exec-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files))
    await writeFile(
      join(folder, name),
      typeof content === 'string' ? content : JSON.stringify(content),
    );
  return folder;
}

/** Begins `goflow exec …args`; killed when the test ends. */
export function startExec(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): ChildProgram {
  const program = startProgram(GOFLOW, ['exec', ...args], options);
  onTestFinished(() => program[Symbol.asyncDispose]());
  return program;
}

/** Waits until a process is no more; one that has ended and that nobody has asked after yet is none, too. */
export async function gone(pid: number): Promise<void> {
  await until(() => !isAlive(pid), { what: `process ${pid} to be gone` });
}

export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
  } catch {
    return false;
  }
}
