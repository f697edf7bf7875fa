import { fileURLToPath } from 'node:url';
import { type ChildProgram, startProgram } from '@goflow/testing';
import { onTestFinished } from 'vitest';
import type { Place } from './redis.js';

/** The built program `goflow-worker`. */
export const PROGRAM = fileURLToPath(new URL('main.js', import.meta.resolve('@goflow/worker')));
const FIXTURES = new URL('../fixtures/', import.meta.url);
/** The contracts of ../fixtures. */
export const TASKS_FILE = fileURLToPath(new URL('tasks.mjs', FIXTURES));
/** Their handlers. */
export const HANDLERS_DIR = fileURLToPath(new URL('handlers', FIXTURES));

type Env = Readonly<Record<string, string | undefined>>;

/** Starts `goflow-worker` with exactly these flags; killed when the test ends. */
export function runWorker(flags: readonly string[], env: Env = {}): ChildProgram {
  const program = startProgram(PROGRAM, flags, { env });
  onTestFinished(() => program[Symbol.asyncDispose]());
  return program;
}

/** Starts `goflow-worker` with the fixtures in a place, any free port, and more flags; waits for nothing. */
export function runWorkerIn(
  place: Place,
  flags: readonly string[] = [],
  env: Env = {},
): ChildProgram {
  const modules = ['--tasks', TASKS_FILE, '--handlers', HANDLERS_DIR];
  const where = ['--redis', place.redis, '--prefix', place.prefix, '--port', '0'];
  return runWorker([...modules, ...where, ...flags], env);
}

/** Where a worker program serves metrics, health and concurrency; waits until it takes tasks. */
export async function urlOf(program: ChildProgram): Promise<string> {
  const [, url = ''] = await program.line(/"url":"(http:[^"]+)"/);
  return url;
}
