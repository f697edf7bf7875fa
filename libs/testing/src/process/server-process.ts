import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { until } from '../wait/until.js';
import { killOnExit } from './live-children.js';
import { TextLines } from './text-lines.js';

/** What one process of a server (redis-server, postgres) is started with. */
export interface ServerLaunch {
  readonly program: string;
  readonly args: readonly string[];
  readonly port: number;
  /** True once the server answers. `log` is the end of what it has written. */
  readonly isReady: (server: {
    readonly pid: number;
    readonly log: readonly string[];
  }) => boolean | Promise<boolean>;
  /** @default the working directory of this process */
  readonly cwd?: string | undefined;
  /** Who runs it. @default the user of this process */
  readonly user?: SystemUser | undefined;
  /** Run when this process exits before the server was stopped. Must not be asynchronous. */
  readonly onAbandoned: () => void;
}

/** A user of this machine, by number. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

/** One process of a server that answers. */
export interface ServerProcess {
  readonly pid: number;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  signal(signal: NodeJS.Signals): void;
}

/** The port was taken between choosing it and listening on it. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}

const START_MS = 30_000;
const LOG_LINES = 20;

/**
 * Starts a server and waits until it answers.
 *
 * @throws PortTakenError, or an Error with the end of its log when it ends or stays silent for 30 s.
 */
export async function startServerProcess(launch: ServerLaunch): Promise<ServerProcess> {
  const child = spawn(launch.program, [...launch.args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Out of reach of the terminal's Ctrl-C, which is for this process: it stops the server when it is done.
    detached: true,
    cwd: launch.cwd,
    ...launch.user,
  });
  if (child.pid === undefined) throw await spawnFailure(child, launch.program);
  killOnExit(child, launch.onAbandoned);
  const log = lastLines(child);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    await whenReady(child, launch.isReady, { pid: child.pid, log });
  } catch (error) {
    child.kill('SIGKILL');
    await closed;
    throw startFailure(launch, error, log);
  }
  return { pid: child.pid, ended, signal: (signal) => void child.kill(signal) };
}

async function whenReady(
  child: ChildProcess,
  isReady: ServerLaunch['isReady'],
  server: { readonly pid: number; readonly log: readonly string[] },
): Promise<void> {
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const state = await until(
    async () => (hasEnded() && 'ended') || ((await isReady(server)) && 'ready'),
    { what: 'its answer', timeoutMs: START_MS },
  );
  if (state === 'ended')
    throw new Error(`it ended (code ${child.exitCode}, signal ${child.signalCode})`);
}

async function spawnFailure(child: ChildProcess, program: string): Promise<Error> {
  const cause = await new Promise<Error>((resolve) => child.once('error', resolve));
  return new Error(`could not run ${program}: is it an executable file?`, { cause });
}

function startFailure(launch: ServerLaunch, cause: unknown, log: readonly string[]): Error {
  const told = log.join('\n');
  if (told.includes('Address already in use'))
    return new PortTakenError(`port ${launch.port} is in use: choose another, or none`, { cause });
  const why = cause instanceof Error ? cause.message : String(cause);
  return new Error(
    `${launch.program} did not start on port ${launch.port}: ${why}. The end of its log:\n${told}`,
    { cause },
  );
}

function lastLines(child: ChildProcessByStdio<null, Readable, Readable>): readonly string[] {
  const lines: string[] = [];
  const keep = (line: string) => {
    lines.push(line);
    if (lines.length > LOG_LINES) lines.shift();
  };
  for (const stream of [child.stdout, child.stderr]) new TextLines(stream, keep);
  return lines;
}
