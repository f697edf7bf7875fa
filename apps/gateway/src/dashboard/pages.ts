import type { GatewayDeps } from '../gateway-deps.js';
import type { Action, Page } from './page.js';
import { auditPage } from './pages/audit.js';
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
    { pages: [auditPage(deps)], actions: [] },
  ];
  return {
    pages: all.flatMap(({ pages }) => pages),
    actions: all.flatMap(({ actions }) => actions),
  };
}
