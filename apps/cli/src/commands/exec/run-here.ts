import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import { type Command, type CommandResult, runCommand } from '@goflow/commands';
import type { Context } from '../../context.js';
import { counted } from '../../terminal/counts.js';

/** Who is told of commands. */
export interface ExecListener {
  started(index: number, how: string): void;
  /** Awaited, so that results do not pile up. */
  ended(index: number, result: CommandResult): Promise<void>;
  note(text: string): void;
}

/** More processes at once than this only take the machine from each other. */
const MOST_AT_ONCE = 1_000;

/**
 * Runs commands on this machine, so many at once. Every one has a result when it resolves: with `signal` aborted those that run are ended,
 * and the others are not begun. They have this process's environment, as from a shell.
 */
export async function runHere(
  commands: readonly Command[],
  threads: number,
  { listener, context }: { readonly listener: ExecListener; readonly context: Context },
): Promise<void> {
  const { signal, env, cwd } = context;
  // One for each command that runs.
  setMaxListeners(0, signal);
  const wanted = Math.min(threads, commands.length);
  if (wanted > MOST_AT_ONCE)
    listener.note(`--max_threads: ${counted(MOST_AT_ONCE)} processes at once are the most`);
  let next = 0;
  const runNext = async (): Promise<boolean> => {
    const index = next;
    const command = commands[index];
    if (!command) return false;
    next += 1;
    const folder = command.cwd === undefined ? cwd : resolve(cwd, command.cwd);
    const onStart = (pid: number): void => listener.started(index, `started, pid ${pid}`);
    const result = await runCommand({ ...command, cwd: folder }, { env, signal, onStart });
    await listener.ended(index, result);
    return true;
  };
  const runAll = async (): Promise<void> => {
    while (await runNext());
  };
  await Promise.all(Array.from({ length: Math.min(wanted, MOST_AT_ONCE) }, runAll));
}
