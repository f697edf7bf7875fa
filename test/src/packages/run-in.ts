import { execFile } from 'node:child_process';

/**
 * Runs a command in a folder and gives what it printed.
 *
 * @throws Error with everything that it printed, when it fails
 */
export function runIn(folder: string, command: readonly string[]): Promise<string> {
  const [program = '', ...args] = command;
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      { cwd: folder, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`${command.join(' ')} failed:\n${stdout}${stderr}`));
        else resolve(stdout);
      },
    );
  });
}

/** `npm` as users run it; what `npm test` was told to say or not to say does not matter here. */
export function npmIn(folder: string, ...args: string[]): Promise<string> {
  return runIn(folder, ['npm', ...args, '--loglevel=error', '--no-audit', '--no-fund']);
}
