import type { GatewayDeps } from '../gateway-deps.js';
import { BulkRuns } from './bulk-runs.js';
import { GroupCounts } from './group-counts.js';
import type { Action, Page } from './page.js';
import { auditPage } from './pages/audit.js';
import { deadLetterActions } from './pages/dead-letter-actions.js';
import { deadLetterTasksPage } from './pages/dead-letter-tasks.js';
import { deadLettersPage } from './pages/dead-letters.js';
import { editAction, editPage } from './pages/edit-payload.js';
import { taskPage } from './pages/task.js';
import { taskActions } from './pages/task-actions.js';
import { tasksPage } from './pages/tasks.js';

/** Pages, and what their forms do. */
export interface Content {
  readonly pages: readonly Page[];
  readonly actions: readonly Action[];
}

/** All that there is to be seen and done. */
export function contentOf(deps: GatewayDeps): Content {
  const all: readonly Content[] = [
    {
      pages: [tasksPage(deps), taskPage(deps), editPage(deps)],
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

function deadLetters(deps: GatewayDeps): Content {
  const { logger, goflow } = deps;
  const letters = goflow.inspector.deadLetters;
  const counts = new GroupCounts(letters);
  const runs = new BulkRuns({ deadLetters: letters, logger, onEnd: () => counts.forget() });
  return {
    pages: [deadLettersPage(deps, { counts, runs }), deadLetterTasksPage(deps)],
    actions: deadLetterActions(runs),
  };
}
