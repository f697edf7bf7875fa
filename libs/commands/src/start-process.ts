import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { access, stat } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from './command.js';
import type { Environment } from './environment.js';
import { hasLiveCommands } from './process-group.js';

/** A command that runs. */
export type CommandProcess = ChildProcessByStdio<Writable | null, Readable, Readable>;

/** How a command is started. */
export interface StartOptions {
  /** All of it: nothing is inherited. */
  readonly env: Environment;
  /** Ends the wait for room. */
  readonly signal?: AbortSignal | undefined;
  /** How long it is tried while no command of this process runs, in milliseconds. @default 30,000 */
  readonly patienceMs?: number | undefined;
}

/** The system has no room for another process or file at the moment. */
const FULL = ['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM'];
const PATIENCE_MS = 30_000;
const PAUSE_MS = 100;

/**
 * Starts a command in a process group of its own, without a shell. Where the system has no room it is tried again: while another command of this
 * process runs, without a limit, for its end makes room; else for 30 s.
 *
 * @throws what the system says: {@link whyNotStarted} tells it in words
 */
export async function startProcess(
  command: Command,
  { env, signal, patienceMs = PATIENCE_MS }: StartOptions,
): Promise<CommandProcess> {
  let giveUpAt = performance.now() + patienceMs;
  for (;;) {
    try {
      return await start(command, env);
    } catch (error) {
      const isFull = FULL.includes((error as NodeJS.ErrnoException).code ?? '');
      if (hasLiveCommands()) giveUpAt = performance.now() + patienceMs;
      if (!isFull || signal?.aborted || performance.now() > giveUpAt) throw error;
      await delay(PAUSE_MS * (1 + Math.random()));
    }
  }
}

function start(command: Command, env: Environment): Promise<CommandProcess> {
  const { command: program, args = [], cwd, stdin } = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env,
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      // A session and a group of its own: a signal reaches all that it starts, and Ctrl-C in a terminal reaches only goflow.
      detached: true,
      shell: false,
      windowsHide: true,
    }) as CommandProcess;
    child.once('spawn', () => resolve(child));
    child.on('error', reject);
  });
}

/** Why a command could not be started, in words. */
export async function whyNotStarted(error: unknown, command: Command): Promise<string> {
  const { code, message } = error as NodeJS.ErrnoException;
  const { command: program, cwd } = command;
  // The system says ENOENT of the program when it means the folder.
  if (cwd !== undefined && !(await isFolder(cwd))) return `there is no folder ${cwd}`;
  if (code === 'ENOENT')
    return program.includes('/') && (await exists(program))
      ? `${program} names an interpreter that is not there`
      : `there is no program ${program}`;
  if (code === 'EACCES') return `${program} is not executable`;
  if (code === 'E2BIG') return 'its arguments and environment are longer than the system allows';
  return message;
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
