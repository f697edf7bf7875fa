import { parseTaskId, TASK_STATES } from '@goflow/shared';
import type { VNode } from 'preact';
import type { GatewayDeps } from '../../gateway-deps.js';
import type { Page } from '../page.js';
import { Choice, Word } from '../parts/fields.js';
import { oneLine } from '../parts/foreign.js';
import { hrefOf, taskPath } from '../parts/href.js';
import { NextPage } from '../parts/next-page.js';
import { TaskTable } from '../parts/task-table.js';
import { filterOf, type Searched, searchOf, searchPage, type TaskSearch } from './task-search.js';

/** All tasks, and what finds one. */
export function tasksPage({ goflow, tasks }: GatewayDeps): Page {
  const types = [...tasks.contracts.keys()];
  const { inspector } = goflow;
  return {
    path: '/tasks',
    section: 'tasks',
    show: async (request) => {
      const search = searchOf(request);
      const form = <SearchForm search={search} types={types} queues={inspector.queues()} />;
      if (parseTaskId(search.q)) {
        const task = await inspector.get(search.q);
        if (task) return { goTo: taskPath(task.id) };
        const body = <Body form={form} found={<UnknownId id={search.q} />} />;
        return { title: 'Tasks', body, isFinal: true };
      }
      const { cursor } = request.query;
      const filter = filterOf(search);
      const searched = await searchPage((at, limit) => inspector.list(filter, at, limit), cursor);
      const found = <Found searched={searched} search={search} isFirst={cursor === undefined} />;
      return { title: 'Tasks', body: <Body form={form} found={found} />, isFinal: searched.isSlow };
    },
  };
}

function Body({ form, found }: { form: VNode; found: VNode }): VNode {
  return (
    <>
      {form}
      <div id="found">{found}</div>
    </>
  );
}

interface FormProps {
  readonly search: TaskSearch;
  readonly types: readonly string[];
  readonly queues: readonly string[];
}

function SearchForm({ search, types, queues }: FormProps): VNode {
  return (
    <search>
      <form method="get" action="/dashboard/tasks" class="filters" autocomplete="off">
        <label class="wide">
          Id, or text in type, tags, payload or failure
          <input type="search" name="q" value={search.q} maxLength={200} />
        </label>
        <Word label="Type" name="type" value={search.type} of={types} />
        <Choice label="Queue" name="queue" value={search.queue} of={queues} />
        <Choice label="State" name="state" value={search.state} of={TASK_STATES} />
        <Word label="Tag" name="tag" value={search.tag} />
        <button type="submit">Search</button>
      </form>
    </search>
  );
}

function UnknownId({ id }: { id: string }): VNode {
  return (
    <div class="empty">
      <p>
        There is no task <code>{oneLine(id)}</code>: it never was, or its retention is over.
      </p>
      <p>
        <a href="/dashboard/tasks">All tasks</a>
      </p>
    </div>
  );
}

interface FoundProps {
  readonly searched: Searched;
  readonly search: TaskSearch;
  readonly isFirst: boolean;
}

function Found({ searched, search, isFirst }: FoundProps): VNode {
  const { tasks, next, wrong } = searched;
  if (wrong !== undefined)
    return (
      <p class="notice bad" role="alert">
        {wrong}
      </p>
    );
  const nextHref = next && hrefOf('/tasks', { ...search, cursor: next });
  if (tasks.length === 0 && nextHref === undefined)
    return <NoTasks search={search} isFirst={isFirst} />;
  return (
    <>
      {tasks.length === 0 ? (
        <p class="empty">None among those that were looked at until now. There are more.</p>
      ) : (
        <>
          <TaskTable tasks={tasks} />
          <p class="muted">Queue by queue, in each by state, the newest first.</p>
        </>
      )}
      <NextPage
        first={isFirst ? undefined : hrefOf('/tasks', { ...search })}
        next={nextHref}
        isStill={searched.isSlow}
      />
    </>
  );
}

function NoTasks({ search, isFirst }: { search: TaskSearch; isFirst: boolean }): VNode {
  const isFiltered = Object.values(search).some((value) => value !== '');
  if (!isFiltered && isFirst)
    return (
      <div class="empty">
        <p>There are no tasks.</p>
        <p>
          Push one: <code>goflow push TYPE PAYLOAD</code>, <code>POST /tasks/TYPE</code>, or{' '}
          <code>goflow.push(type, payload)</code> in a program.
        </p>
      </div>
    );
  return (
    <div class="empty">
      <p>{isFirst ? 'No task answers to this.' : 'There are no more.'}</p>
      {search.q.includes(':') && (
        <p>
          It was looked for as a text: a whole id is the name of a queue, a colon and 22 characters.
        </p>
      )}
      <p>
        Finished tasks are kept for their retention only. <a href="/dashboard/tasks">All tasks</a>
      </p>
    </div>
  );
}
