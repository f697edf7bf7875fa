import type { ChildProcess } from 'node:child_process';

const live = new Map<ChildProcess, () => void>();
let watching = false;

/**
 * Makes sure that `child` does not outlive this process: it is killed with SIGKILL when this process exits, or is ended
 * by a signal that nothing else handles. `cleanUp` runs right after, and must not be asynchronous.
 */
export function killOnExit(child: ChildProcess, cleanUp: () => void = () => undefined): void {
  watch();
  live.set(child, cleanUp);
  child.once('exit', () => live.delete(child));
}

function watch(): void {
  if (watching) return;
  watching = true;
  process.once('exit', killAll);
  // Without a listener these three end Node before 'exit' is emitted.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.once(signal, () => endBy(signal));
}

function endBy(signal: NodeJS.Signals): void {
  // Another listener has its own plan, and ends in 'exit'.
  if (process.listenerCount(signal) > 0) return;
  killAll();
  process.kill(process.pid, signal);
}

function killAll(): void {
  for (const [child, cleanUp] of live) {
    child.kill('SIGKILL');
    cleanUp();
  }
  live.clear();
}
