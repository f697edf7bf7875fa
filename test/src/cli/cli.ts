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

/** The same under a pseudo-terminal of so many columns. What it says on both streams is in `stdout`, as the terminal gets it. */
export function runInTerminal(
  place: Place | undefined,
  args: readonly string[],
  { columns = 80, ...options }: CallOptions & { readonly columns?: number } = {},
): Promise<Called> {
  const line = [process.execPath, GOFLOW, ...args, ...(place ? flagsOf(place) : [])];
  const quoted = line.map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(' ');
  const inner = `stty cols ${columns} rows 40; exec ${quoted}`;
  return run(['script', '-qec', inner, '/dev/null'], options);
}

async function run(
  [program = '', ...args]: readonly string[],
  { stdin = '', env, cwd }: CallOptions,
): Promise<Called> {
  const child = spawn(program, args, { cwd, env: { ...inherited(), ...env } });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

/** The environment, without what would change what the program does. */
function inherited(): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(REDIS_URL|GOFLOW_.*|NODE_OPTIONS|NO_COLOR|FORCE_COLOR|VITEST.*)$/.test(name),
  );
  return Object.fromEntries(kept);
}
