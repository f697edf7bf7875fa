import type { QueueLoad } from '@goflow/sdk';
import type { VNode } from 'preact';
import type { GatewayDeps } from '../../gateway-deps.js';
import type { Role } from '../../roles.js';
import type { FleetView, FleetWatch } from '../fleet/fleet-watch.js';
import { type Trouble, troublesOfQueue } from '../fleet/troubles.js';
import type { Action, Page } from '../page.js';
import { Choice } from '../parts/fields.js';
import { count } from '../parts/figures.js';
import { hrefOf, pathOf } from '../parts/href.js';
import { NextPage } from '../parts/next-page.js';
import { QueueCard } from './queue-card.js';

/** Each has a chart, and is told anew every two seconds. */
const PAGE = 25;

/** Queues: how deep they are, how they do, and what stops them; what is in trouble stands first. */
export function queuesPage(watch: FleetWatch): Page {
  return {
    path: '/queues',
    section: 'queues',
    show: async ({ query, role }) => {
      const view = await watch.look();
      const search = searchOf(query);
      const listed = listOf(view, watch, search);
      const total = view.queues.length;
      return {
        title: 'Queues',
        body: (
          <>
            {total > 1 ? <SearchForm search={search} /> : <search hidden />}
            {total === 0 ? <None /> : <Queues {...{ listed, view, watch, role, search }} />}
          </>
        ),
      };
    },
  };
}

/** Pausing and resuming. */
export function queueActions({ goflow }: GatewayDeps, watch: FleetWatch): readonly Action[] {
  return (['pause', 'resume'] as const).map((action) => ({
    path: `/queues/:queue/${action}`,
    role: 'operate',
    run: async ({ params, form, by }) => {
      const { queue = '' } = params;
      const { changed } = await goflow.fleet[action](queue, { by });
      watch.forget();
      const state = action === 'pause' ? 'paused' : 'open';
      const shown = searchOf(Object.fromEntries(new URLSearchParams(form.shown)));
      const back = pathOf('/queues', { ...shown });
      return { back, notice: `${queue} is ${state}${changed ? '.' : ' already.'}` };
    },
  }));
}

/** What was filled in, as the address has it; empty where nothing was. */
interface QueueSearch {
  /** A part of the name. */
  readonly q: string;
  /** `name`, or what is in trouble first. */
  readonly order: string;
  /** From 1 on. */
  readonly page: string;
}

function searchOf(given: Readonly<Record<string, string | undefined>>): QueueSearch {
  const { q = '', order = '', page = '' } = given;
  const isLater = /^[1-9]\d{0,5}$/.test(page) && page !== '1';
  return { q: q.trim(), order: order === 'name' ? order : '', page: isLater ? page : '' };
}

interface Listed {
  readonly load: QueueLoad;
  readonly troubles: readonly Trouble[];
}

/** All that answer, in their order. One that is called so is the one that was meant. */
function listOf(
  view: FleetView,
  { history }: Pick<FleetWatch, 'history'>,
  { q, order }: QueueSearch,
): readonly Listed[] {
  const text = q.toLowerCase();
  const listed = view.queues
    .filter(({ queue }) => queue.toLowerCase().includes(text))
    .map((load) => ({ load, troubles: troublesOfQueue(load, view, history) }));
  const rank = ({ load, troubles }: Listed): number => {
    if (load.queue === q) return 0;
    if (order === 'name' || troubles.length === 0) return 3;
    return troubles.some(({ kind }) => kind === 'bad') ? 1 : 2;
  };
  return listed.toSorted((a, b) => rank(a) - rank(b) || (a.load.queue < b.load.queue ? -1 : 1));
}

function SearchForm({ search }: { search: QueueSearch }): VNode {
  return (
    <search>
      <form method="get" action="/dashboard/queues" class="filters" autocomplete="off">
        <label>
          Name, or a part of it
          <input type="search" name="q" value={search.q} maxLength={128} />
        </label>
        <Choice
          label="Order"
          name="order"
          value={search.order}
          of={['name']}
          none="trouble first"
        />
        <button type="submit">Show</button>
      </form>
    </search>
  );
}

function None(): VNode {
  return (
    <section class="empty">
      <p>There are no queues: nothing was pushed yet, and no worker has told of one.</p>
      <p>
        <code>goflow push my.type '…'</code>
      </p>
    </section>
  );
}

interface QueuesProps {
  readonly listed: readonly Listed[];
  readonly view: FleetView;
  readonly watch: FleetWatch;
  readonly role: Role;
  readonly search: QueueSearch;
}

function Queues({ listed, view, watch, role, search }: QueuesProps): VNode {
  const number = Number(search.page || 1);
  const from = (number - 1) * PAGE;
  const page = listed.slice(from, from + PAGE);
  const isMore = listed.length > from + PAGE;
  if (page.length === 0) return <NoneSuch isFirst={number === 1} />;
  return (
    <div id="queues">
      {listed.length > PAGE && (
        <p class="muted">
          {`${count(from + 1)} to ${count(from + page.length)} of ${count(listed.length)} queues`}
        </p>
      )}
      {page.map(({ load, troubles }) => (
        <QueueCard
          {...{ load, view, troubles, role }}
          depths={watch.history.of(load.queue)}
          shown={pathOf('', { ...search })}
        />
      ))}
      <NextPage
        first={number > 1 ? hrefOf('/queues', { ...search, page: '' }) : undefined}
        next={isMore ? hrefOf('/queues', { ...search, page: String(number + 1) }) : undefined}
        isStill={false}
      />
      <p class="muted">
        Times and rates are of what ended in the last minute, at most the last 200 of each queue.
      </p>
    </div>
  );
}

function NoneSuch({ isFirst }: { isFirst: boolean }): VNode {
  return (
    <div class="empty">
      <p>
        {isFirst ? 'No queue has this in its name.' : 'There are no more.'}{' '}
        <a href="/dashboard/queues">All queues</a>
      </p>
    </div>
  );
}
