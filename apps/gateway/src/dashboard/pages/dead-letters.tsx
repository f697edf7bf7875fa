import type { DeadLetterGroup } from '@goflow/sdk';
import { DEAD_LETTER_REASONS } from '@goflow/shared';
import type { VNode } from 'preact';
import type { GatewayDeps } from '../../gateway-deps.js';
import { may, type Role } from '../../roles.js';
import type { BulkRuns } from '../bulk-runs.js';
import { plural } from '../fleet/troubles.js';
import type { GroupCount, GroupCounts } from '../group-counts.js';
import type { Page } from '../page.js';
import { Choice, Moment, Word } from '../parts/fields.js';
import { visible } from '../parts/foreign.js';
import { hrefOf, taskPath } from '../parts/href.js';
import { Time } from '../parts/time.js';
import { type LetterSearch, letterFilterOf, letterSearchOf } from './dead-letter-search.js';
import { GroupForms, Runs } from './group-forms.js';
import { wrongIn } from './task-search.js';

/** So many groups are on the page: the largest. Messages that are all different make one each. */
const SHOWN = 100;

/** Dead letters by how they failed. */
export function deadLettersPage(
  { goflow, tasks }: GatewayDeps,
  { counts, runs }: { readonly counts: GroupCounts; readonly runs: BulkRuns },
): Page {
  const types = [...tasks.contracts.keys()];
  return {
    path: '/dead-letters',
    section: 'deadLetters',
    show: async ({ query, role }) => {
      const search = letterSearchOf(query);
      const counted = await counts.of(letterFilterOf(search)).catch(wrongIn);
      const all = await runs.all();
      const queues = goflow.inspector.queues();
      return {
        title: 'Dead letters',
        body: (
          <>
            <SearchForm search={search} types={types} queues={queues} />
            <Runs runs={all} role={role} />
            <Groups counted={counted} search={search} role={role} />
          </>
        ),
      };
    },
  };
}

interface FormProps {
  readonly search: LetterSearch;
  readonly types: readonly string[];
  readonly queues: readonly string[];
}

function SearchForm({ search, types, queues }: FormProps): VNode {
  const { q, type, queue, reason, tag, since, until } = search;
  return (
    <search>
      <form method="get" action="/dashboard/dead-letters" class="filters" autocomplete="off">
        <label class="wide">
          Text in type, tags, payload or failure
          <input type="search" name="q" value={q} maxLength={200} />
        </label>
        <Word label="Type" name="type" value={type} of={types} />
        <Choice label="Queue" name="queue" value={queue} of={queues} />
        <Choice label="Reason" name="reason" value={reason} of={DEAD_LETTER_REASONS} />
        <Word label="Tag" name="tag" value={tag} />
        <Moment label="Since" name="since" value={since} />
        <Moment label="Until" name="until" value={until} />
        <button type="submit">Show</button>
      </form>
    </search>
  );
}

interface GroupsProps {
  /** A string is what is wrong with what was filled in. */
  readonly counted: GroupCount | string | undefined;
  readonly search: LetterSearch;
  readonly role: Role;
}

function Groups({ counted, search, role }: GroupsProps): VNode {
  if (counted === undefined)
    return (
      <p class="empty">They are being counted, and there may be many. This page shows them then.</p>
    );
  if (typeof counted === 'string')
    return (
      <p class="notice bad" role="alert">
        {counted}
      </p>
    );
  const { groups, examined, complete, until } = counted;
  if (groups.length === 0) return <NoGroups search={search} complete={complete} />;
  const letters = groups.reduce((sum, { count }) => sum + count, 0);
  return (
    <div id="groups">
      <p class="muted">
        {`${plural(letters, 'dead letter')} in ${plural(groups.length, 'group')}, as of `}
        <Time at={until} />
        {search.fingerprint !== '' && (
          <>
            {' · this group only: '}
            <a href="/dashboard/dead-letters" data-key="all-groups">
              all groups
            </a>
          </>
        )}
        {!complete && ` · the newest ${examined.toLocaleString('en')} were counted; there are more`}
      </p>
      {groups.slice(0, SHOWN).map((group) => (
        <Group group={group} until={until} search={search} role={role} />
      ))}
      {groups.length > SHOWN && (
        <p class="muted">{`The largest ${SHOWN} groups. Choose a type, a queue or a time to see others.`}</p>
      )}
    </div>
  );
}

function NoGroups({ search, complete }: { search: LetterSearch; complete: boolean }): VNode {
  const isFiltered = Object.values(search).some((value) => value !== '');
  return (
    <div class="empty">
      {!complete && <p>None among those that were looked at; there are more.</p>}
      {isFiltered ? (
        <p>
          No dead letter answers to this. <a href="/dashboard/dead-letters">All of them</a>
        </p>
      ) : (
        <p>
          There are no dead letters: no task failed for good or expired, or its retention is over.
        </p>
      )}
    </div>
  );
}

interface GroupProps {
  readonly group: DeadLetterGroup;
  /** What died later is not in it. */
  readonly until: Date;
  readonly search: LetterSearch;
  readonly role: Role;
}

function Group({ group, until, search, role }: GroupProps): VNode {
  const { fingerprint, type, reason, count, message, firstAt, lastAt, sample } = group;
  const chosen = { ...search, until: until.toISOString(), fingerprint, type };
  const [example] = sample;
  return (
    <article class="card group" id={`group-${fingerprint}`}>
      <h2>
        <span class="figure">{count.toLocaleString('en')}</span> <bdi>{visible(type)}</bdi>{' '}
        <span class="tag">{reason}</span>
      </h2>
      <p class="message">{visible(message)}</p>
      <p class="muted">
        <Time at={firstAt} />
        {lastAt.getTime() - firstAt.getTime() >= 1_000 && (
          <>
            {' to '}
            <Time at={lastAt} />
          </>
        )}
      </p>
      <p class="links">
        {count > 1 && (
          <a href={hrefOf('/dead-letters/tasks', { ...chosen })} data-key={`list-${fingerprint}`}>
            {`All ${count.toLocaleString('en')} tasks`}
          </a>
        )}
        {example !== undefined && (
          <a href={hrefOf(taskPath(example))} data-key={`example-${fingerprint}`}>
            {count > 1 ? 'An example' : 'The task'}
          </a>
        )}
      </p>
      {may(role, 'operate') && <GroupForms search={chosen} shown={search} count={count} />}
    </article>
  );
}
