import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { killOnExit } from '../process/live-children.js';
import { TextLines } from '../process/text-lines.js';
import { until } from '../wait/until.js';
import { answersPing, type PingTarget } from './redis-ping.js';

/** What one redis-server process is started with. */
export interface RedisLaunch {
  readonly program: string;
  readonly args: readonly string[];
  readonly port: number;
  readonly password?: string | undefined;
  /** Run when this process exits before the server was stopped. Must not be asynchronous. */
  readonly onAbandoned: () => void;
}

/** One redis-server process that answers. */
export interface RedisProcess {
  readonly pid: number;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  signal(signal: NodeJS.Signals): void;
}

/** The port was taken between choosing it and listening on it. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}

const START_MS = 10_000;
const LOG_LINES = 20;

/**
 * Starts a server and waits until it answers.
 *
 * @throws PortTakenError, or an Error with the end of its log when it ends or stays silent for 10 s.
 */
export async function startRedisProcess(launch: RedisLaunch): Promise<RedisProcess> {
  const child = spawn(launch.program, [...launch.args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Out of reach of the terminal's Ctrl-C, which is for this process: it stops the server when it is done.
    detached: true,
  });
  if (child.pid === undefined) throw await spawnFailure(child, launch.program);
  killOnExit(child, launch.onAbandoned);
  const log = lastLines(child);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    await whenReady(child, { port: launch.port, pid: child.pid, password: launch.password });
  } catch (error) {
    child.kill('SIGKILL');
    await closed;
    throw startFailure(launch, error, log);
  }
  return { pid: child.pid, ended, signal: (signal) => void child.kill(signal) };
}

async function whenReady(child: ChildProcess, target: PingTarget): Promise<void> {
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const state = await until(
    async () => (hasEnded() && 'ended') || ((await answersPing(target)) && 'ready'),
    { what: 'its answer to PING', timeoutMs: START_MS },
  );
  if (state === 'ended')
    throw new Error(`it ended (code ${child.exitCode}, signal ${child.signalCode})`);
}

async function spawnFailure(child: ChildProcess, program: string): Promise<Error> {
  const cause = await new Promise<Error>((resolve) => child.once('error', resolve));
  return new Error(`could not run ${program}: is it an executable file?`, { cause });
}

function startFailure(launch: RedisLaunch, cause: unknown, log: readonly string[]): Error {
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
