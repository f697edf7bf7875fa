// The only file of this project that reads the environment, installs signal handlers or exits.
import { readFileSync } from 'node:fs';
import { COMMANDS } from './commands/index.js';
import { EXIT, exitCodeOf, isOfCommander } from './exit-code.js';
import { createProgram } from './program/create-program.js';
import { runCommand } from './run-command.js';
import { jsonText, manyLines } from './terminal/printable.js';

const { version } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { version: string };

const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => {
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted);
    interrupt.abort();
  });

// `| head -1` closes the pipe: nobody reads on, and that is no error.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.done);
    throw error;
  });

async function main(): Promise<number> {
  let code: number = EXIT.done;
  const program = createProgram(version, COMMANDS, async (spec, given) => {
    code = await runCommand(spec, given, {
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      env: process.env,
      cwd: process.cwd(),
      signal: interrupt.signal,
    });
  });
  await program.parseAsync();
  return code;
}

function tell(error: unknown): void {
  if (isOfCommander(error)) return;
  const { code, message, stack } = error as { code?: string; message?: string; stack?: string };
  if (process.argv.includes('--json'))
    process.stderr.write(`${jsonText({ error: { code: code ?? 'INTERNAL', message } })}\n`);
  // It may quote what a task said.
  else if (exitCodeOf(error) === EXIT.defect)
    process.stderr.write(`goflow: ${manyLines(stack ?? String(error))}\n`);
  else process.stderr.write(`goflow: ${code}: ${manyLines(message ?? '')}\n`);
}

process.exitCode = await main().catch((error: unknown) => {
  tell(error);
  return interrupt.signal.aborted ? EXIT.interrupted : exitCodeOf(error);
});
