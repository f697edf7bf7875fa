import type { WorkerInfo } from '@goflow/sdk';
import { spell } from '@goflow/shared';
import type { VNode } from 'preact';
import { may } from '../../roles.js';
import type { FleetView, FleetWatch } from '../fleet/fleet-watch.js';
import type { Page, PageRequest } from '../page.js';
import { age } from '../parts/figures.js';
import { oneLine } from '../parts/foreign.js';
import { hrefOf } from '../parts/href.js';
import { queueHref } from '../parts/queue-links.js';
import { type ConcurrencyForm, Rules, SetConcurrency, scopeOf } from './concurrency.js';

/** The workers that are alive, what they run, and how many tasks at once are wanted of them. */
export function workersPage(watch: FleetWatch): Page {
  return {
    path: '/workers',
    section: 'workers',
    show: async (request) => ({
      title: 'Workers',
      body: workersBody(await watch.look(), request, { form: scopeOf(request.query) }),
    }),
  };
}

/** What is filled in, and what is wrong with it. */
interface Filled {
  readonly form: ConcurrencyForm;
  readonly wrong?: string;
}

export function workersBody(
  view: FleetView,
  { role }: Pick<PageRequest, 'role'>,
  { form, wrong }: Filled,
): VNode {
  const isOperator = may(role, 'operate');
  return (
    <>
      {view.workers.length === 0 ? <None /> : <Workers view={view} isOperator={isOperator} />}
      <Rules rules={view.rules} isOperator={isOperator} />
      {isOperator ? <SetConcurrency view={view} form={form} wrong={wrong} /> : <section hidden />}
    </>
  );
}

function None(): VNode {
  return (
    <section class="empty">
      <p>No worker is alive. Start one, with the module that exports its handlers:</p>
      <p>
        <code>goflow-worker --tasks ./tasks.js --handlers ./handlers</code>
      </p>
      <p class="muted">It is seen here within five seconds.</p>
    </section>
  );
}

function Workers({ view, isOperator }: { view: FleetView; isOperator: boolean }): VNode {
  return (
    <section class="scroll" aria-label="Workers">
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">Worker</th>
            <th scope="col">State</th>
            <th scope="col">Running, of slots</th>
            <th scope="col">Last taken</th>
            <th scope="col">Event loop lag</th>
            <th scope="col">Version</th>
            <th scope="col">Types</th>
          </tr>
        </thead>
        <tbody>
          {view.workers.map((worker) => (
            <Row worker={worker} at={view.at} isOperator={isOperator} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface RowProps {
  readonly worker: WorkerInfo;
  readonly at: number;
  readonly isOperator: boolean;
}

function Row({ worker, at, isOperator }: RowProps): VNode {
  const { name, host, pid, state, labels = {}, queues, types, version } = worker;
  const { lastTakenAt, eventLoopLagMs, startedAt } = worker;
  return (
    <tr>
      <td class="task">
        <strong>{oneLine(name)}</strong>
        <span class="muted">{` ${oneLine(host)}, pid ${pid}, up ${age(startedAt, at)}`}</span>
        <Labels labels={labels} isOperator={isOperator} />
      </td>
      <td data-label="State" class={state === 'running' ? 'good' : 'warn'}>
        {oneLine(state)}
      </td>
      <td data-label="Running, of slots">
        <Load queues={queues} />
      </td>
      <td data-label="Last taken">
        {lastTakenAt === undefined ? 'never' : `${age(lastTakenAt, at)} ago`}
      </td>
      <td data-label="Event loop lag" class={eventLoopLagMs >= 1_000 ? 'bad time' : 'time'}>
        {spell(eventLoopLagMs)}
      </td>
      <td data-label="Version">{oneLine(version)}</td>
      <td data-label="Types" class="long">
        {types.length === 0 ? '–' : oneLine(types.join(', '), 2_000)}
      </td>
    </tr>
  );
}

/** For whom may set it, each leads to the form with this label filled in. */
function Labels(props: { labels: Readonly<Record<string, string>>; isOperator: boolean }): VNode {
  const pairs = Object.entries(props.labels).map(([key, value]) => `${key}=${value}`);
  return (
    <span class="labels">
      {pairs.map((pair) =>
        props.isOperator ? (
          <a
            class="tag"
            href={hrefOf('/workers', { labels: pair })}
            title={`Set the concurrency of ${pair}`}
          >
            {oneLine(pair)}
          </a>
        ) : (
          <span class="tag">{oneLine(pair)}</span>
        ),
      )}
    </span>
  );
}

function Load({ queues }: Pick<WorkerInfo, 'queues'>): VNode {
  return (
    <ul class="plain load">
      {Object.entries(queues).map(([queue, load]) => {
        const { active, concurrency, desired = concurrency, isOverridden = false } = load;
        return (
          <li>
            <a href={queueHref(queue)}>{oneLine(queue)}</a>
            {` ${active} of ${concurrency} `}
            <progress value={active} max={Math.max(1, concurrency)} aria-hidden="true" />
            {desired !== concurrency && <span class="warn">{` wanted ${desired}`}</span>}
            {isOverridden && (
              <span
                class="tag"
                title="Set on this worker itself: it keeps to that until it is reset"
              >
                override
              </span>
            )}
          </li>
        );
      })}
    </ul>
  );
}
