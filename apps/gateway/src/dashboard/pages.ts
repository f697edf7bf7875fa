import type { GatewayDeps } from '../gateway-deps.js';
import { BulkRuns } from './bulk-runs.js';
import { FleetWatch } from './fleet/fleet-watch.js';
import { GroupCounts } from './group-counts.js';
import type { Action, Page } from './page.js';
import { auditPage } from './pages/audit.js';
import { concurrencyActions } from './pages/concurrency-actions.js';
import { deadLetterActions } from './pages/dead-letter-actions.js';
import { deadLetterTasksPage } from './pages/dead-letter-tasks.js';
import { deadLettersPage } from './pages/dead-letters.js';
import { editAction, editPage } from './pages/edit-payload.js';
import { overviewPage } from './pages/overview.js';
import { queueActions, queuesPage } from './pages/queues.js';
import { taskPage } from './pages/task.js';
import { taskActions } from './pages/task-actions.js';
import { tasksPage } from './pages/tasks.js';
import { workersPage } from './pages/workers.js';

/** Pages, and what their forms do. */
export interface PageSet {
  readonly pages: readonly Page[];
  readonly actions: readonly Action[];
}

/** All that there is to be seen and done. */
export function pageSetOf(deps: GatewayDeps): PageSet {
  const watch = new FleetWatch(deps);
  const all: readonly PageSet[] = [
    fleet(deps, watch),
    {
      pages: [tasksPage(deps), taskPage(deps, watch), editPage(deps)],
      actions: [...taskActions(deps), editAction(deps)],
    },
    deadLetters(deps),
    { pages: [auditPage(deps)], actions: [] },
  ];
  return {
    pages: all.flatMap(({ pages }) => pages),
    actions: all.flatMap(({ actions }) => actions),
  };
}

function fleet(deps: GatewayDeps, watch: FleetWatch): PageSet {
  return {
    pages: [overviewPage(deps, watch), workersPage(watch), queuesPage(watch)],
    actions: [...concurrencyActions(deps, watch), ...queueActions(deps, watch)],
  };
}

function deadLetters(deps: GatewayDeps): PageSet {
  const { logger, goflow, runs: told } = deps;
  const letters = goflow.inspector.deadLetters;
  const counts = new GroupCounts(letters);
  const onEnd = (): void => counts.forget();
  const runs = new BulkRuns({ deadLetters: letters, logger, runs: told, onEnd });
  deps.atStop(() => runs.close());
  return {
    pages: [deadLettersPage(deps, { counts, runs }), deadLetterTasksPage(deps)],
    actions: deadLetterActions(runs),
  };
}
