import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type ChildProgram, startProgram } from '@goflow/testing';

/** What a worker process is started with. */
export interface WorkerProcessOptions {
  /** The built module of the contracts. */
  readonly tasks: URL;
  /** The directory of built handler modules. */
  readonly handlers: URL;
  readonly redis: { readonly url: string; readonly prefix: string };
  /** More flags of `goflow-worker`, such as `['--concurrency', '4']`. */
  readonly flags?: readonly string[];
}

/** A `goflow-worker` that takes tasks. */
export interface WorkerProcess {
  readonly pid: number;
  /** Where it serves metrics, health and live concurrency. */
  readonly url: string;
  readonly program: ChildProgram;
}

/**
 * Starts `goflow-worker` as a process of its own and waits until it takes tasks. In a shell that is
 * `goflow-worker --tasks tasks.js --handlers handlers --redis … --port 0`.
 *
 * @throws Error with its output when it ends instead
 */
export async function startWorkerProcess(options: WorkerProcessOptions): Promise<WorkerProcess> {
  const { tasks, handlers, redis, flags = [] } = options;
  const settings = {
    tasks: fileURLToPath(tasks),
    handlers: fileURLToPath(handlers),
    redis: redis.url,
    prefix: redis.prefix,
    port: '0',
  };
  const given = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const program = startProgram(goflowWorker(), [...given, ...flags]);
  try {
    const [, url = ''] = await program.line(/"url":"(http:[^"]+)"/);
    return { pid: program.pid, url, program };
  } catch (error) {
    await program.stop();
    throw error;
  }
}

/** The program of the installed package, as `npx goflow-worker` finds it. */
function goflowWorker(): string {
  const manifest = new URL(import.meta.resolve('@goflow/worker/package.json'));
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: Record<string, string> };
  return fileURLToPath(new URL(bin['goflow-worker'] ?? '', manifest));
}
