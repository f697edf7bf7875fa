import type { ChildProgram } from '@goflow/testing';
import { onTestFinished } from 'vitest';

/** Two workers that are started again when they die, as an orchestrator does; gives how often they were killed. */
export function keepWorkers(start: () => ChildProgram): { readonly deaths: number } {
  const seen = { deaths: 0 };
  let isOver = false;
  const current = new Set<ChildProgram>();
  const keep = async (): Promise<void> => {
    while (!isOver) {
      const worker = start();
      current.add(worker);
      const { signal } = await worker.exited;
      current.delete(worker);
      if (signal === 'SIGKILL' && !isOver) seen.deaths += 1;
    }
  };
  const keeping = [keep(), keep()];
  onTestFinished(async () => {
    isOver = true;
    for (const worker of current) worker.signal('SIGTERM');
    await Promise.all(keeping);
  });
  return seen;
}
