import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Place } from '../support/redis.js';

/** The program itself. */
export const GOFLOW = fileURLToPath(new URL('../../../apps/cli/bin/goflow.js', import.meta.url));

/** How {@link runCli} calls it. */
export interface CallOptions {
  /** @default nothing: stdin is at its end */
  readonly stdin?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly cwd?: string | undefined;
}

/** What a call said, and ended with. */
export interface Called {
  /** `null` when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where Redis is, as flags. */
export const flagsOf = ({ redis, prefix }: Place): string[] => [
  ...['--redis', redis],
  ...['--prefix', prefix],
];

/** Runs `goflow …args`, to its end. A place is added to the flags; without one Redis is whatever the environment says. */
export function runCli(
  place: Place | undefined,
  args: readonly string[],
  options: CallOptions = {},
): Promise<Called> {
  const flags = place ? flagsOf(place) : [];
  return run([process.execPath, GOFLOW, ...args, ...flags], options);
}

/** How wide a pseudo-terminal is. @default 80 */
export type TerminalOptions = CallOptions & { readonly columns?: number };

/** The same under a pseudo-terminal of 40 lines. What it says on both streams is in `stdout`, as the terminal gets it. */
export function runInTerminal(
  place: Place | undefined,
  args: readonly string[],
  { columns, ...options }: TerminalOptions = {},
): Promise<Called> {
  return run(inTerminal(place, args, columns), options);
}

/** A call under a pseudo-terminal that is still going on. */
export interface Session {
  /** All that was shown until now. */
  readonly shown: () => string;
  /** Presses keys. */
  readonly type: (keys: string) => void;
  readonly ended: Promise<number | null>;
}

/** Begins a call under a pseudo-terminal: it goes on until it ends by itself, or the test does. */
export function startInTerminal(
  place: Place | undefined,
  args: readonly string[],
  { columns, env, cwd }: TerminalOptions = {},
): Session {
  const { child, ended } = start(inTerminal(place, args, columns), { env, cwd });
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (shown += part));
  return { shown: () => shown, type: (keys) => void child.stdin.write(keys), ended };
}

function inTerminal(place: Place | undefined, args: readonly string[], columns = 80): string[] {
  const line = [process.execPath, GOFLOW, ...args, ...(place ? flagsOf(place) : [])];
  const quoted = line.map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(' ');
  return ['script', '-qec', `stty cols ${columns} rows 40; exec ${quoted}`, '/dev/null'];
}

/** Runs a command line, to its end. */
export async function run(
  line: readonly string[],
  { stdin = '', ...how }: CallOptions,
): Promise<Called> {
  const { child, ended } = start(line, how);
  child.stdin.end(stdin);
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

function start([program = '', ...args]: readonly string[], { env, cwd }: CallOptions) {
  const child = spawn(program, args, { cwd, env: { ...inherited(), ...env } });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { child, ended };
}

/** The environment, without what would change what the program does. */
function inherited(): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(REDIS_URL|GOFLOW_.*|NODE_OPTIONS|NO_COLOR|FORCE_COLOR|VITEST.*)$/.test(name),
  );
  return Object.fromEntries(kept);
}
