import type { VNode } from 'preact';
import type { GatewayDeps } from '../../gateway-deps.js';
import { may, type Role } from '../../roles.js';
import type { Page } from '../page.js';
import { oneLine } from '../parts/foreign.js';
import { hrefOf } from '../parts/href.js';
import { NextPage } from '../parts/next-page.js';
import { TaskTable } from '../parts/task-table.js';
import { type LetterSearch, letterFilterOf, letterSearchOf } from './dead-letter-search.js';
import { type Searched, searchPage } from './task-search.js';

/** Dead letters one by one: those of a group. */
export function deadLetterTasksPage({ goflow }: GatewayDeps): Page {
  const { deadLetters } = goflow.inspector;
  return {
    path: '/dead-letters/tasks',
    section: 'deadLetters',
    show: async ({ query, role }) => {
      const search = letterSearchOf(query);
      const filter = letterFilterOf(search);
      const { cursor } = query;
      const searched = await searchPage((at, limit) => deadLetters.list(filter, at, limit), cursor);
      return {
        title: search.type === '' ? 'Dead letters' : `Dead letters of ${oneLine(search.type)}`,
        body: <Letters {...{ searched, search, role }} isFirst={cursor === undefined} />,
        isFinal: searched.isSlow,
      };
    },
  };
}

interface LettersProps {
  readonly searched: Searched;
  readonly search: LetterSearch;
  readonly isFirst: boolean;
  readonly role: Role;
}

function Letters({ searched, search, isFirst, role }: LettersProps): VNode {
  const { tasks, next, wrong } = searched;
  const path = '/dead-letters/tasks';
  return (
    <div id="letters">
      <p class="links">
        {search.fingerprint !== '' && (
          <a href={hrefOf('/dead-letters', { ...search, until: '' })}>
            {may(role, 'operate') ? 'Redrive or discard this group' : 'This group'}
          </a>
        )}
        <a href="/dashboard/dead-letters">All groups</a>
      </p>
      {wrong !== undefined && (
        <p class="notice bad" role="alert">
          {wrong}
        </p>
      )}
      {wrong === undefined && tasks.length === 0 && (
        <p class="empty">
          {next === undefined
            ? 'There are none any more: they were redriven or discarded, or their retention is over.'
            : 'None among those that were looked at until now. There are more.'}
        </p>
      )}
      {tasks.length > 0 && <TaskTable tasks={tasks} />}
      <NextPage
        first={isFirst ? undefined : hrefOf(path, { ...search })}
        next={next && hrefOf(path, { ...search, cursor: next })}
        isStill={searched.isSlow}
      />
    </div>
  );
}
