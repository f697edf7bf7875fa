import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** How a command ended, and all that it wrote. */
export interface CommandResult {
  readonly code: number;
  readonly output: string;
}

/** What finding a program needs to know of a machine and may do to it. Tests pass a fake. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isRoot: boolean;
  /** The path of a program on the PATH. */
  find(program: string): string | undefined;
  /** Runs a command to its end. A command that cannot be started ends with code 127. */
  run(command: readonly string[]): Promise<CommandResult>;
  /** Tells the user one line. */
  say(line: string): void;
}

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  return {
    env: process.env,
    isRoot: process.getuid?.() === 0,
    find: (program) => findOnPath(program, process.env.PATH),
    run: runCommand,
    say: (line) => void process.stderr.write(`${line}\n`),
  };
}

/** The first executable file of that name in the folders of `path`. */
export function findOnPath(program: string, path: string | undefined): string | undefined {
  const folders = (path ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function runCommand(command: readonly string[]): Promise<CommandResult> {
  const [program = '', ...args] = command;
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk: Buffer) => (output += chunk));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk));
    child.once('error', (error) => resolve({ code: 127, output: error.message }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
