import type { QueueCounts, QueueLoad } from '@goflow/sdk';
import type { ComponentChildren, VNode } from 'preact';
import type { GatewayDeps } from '../../gateway-deps.js';
import { type Depth, spanOf } from '../fleet/depth-history.js';
import type { FleetView, FleetWatch } from '../fleet/fleet-watch.js';
import { plural, slotsOf, type Trouble, troublesOf } from '../fleet/troubles.js';
import type { Page } from '../page.js';
import { Chart } from '../parts/chart.js';
import { age, count, rate } from '../parts/figures.js';
import { oneLine } from '../parts/foreign.js';
import { hrefOf } from '../parts/href.js';
import { Counted, queueHref } from '../parts/queue-links.js';

/** So many queues are on the first page: the busiest. */
const SHOWN = 12;
/** So much of what is wrong is told there, the worst: no more is read at once. */
const TOLD = 20;

/** What somebody on call wants to know in five seconds. */
export function overviewPage({ tasks }: GatewayDeps, watch: FleetWatch): Page {
  const types = [...tasks.contracts.keys()];
  return {
    path: '/',
    section: 'overview',
    show: async () => {
      const view = await watch.look();
      const troubles = troublesOf(view, watch.history, types);
      const { queues, workers } = view;
      const isNew = queues.length === 0 && workers.length === 0;
      return {
        title: 'Overview',
        body: (
          <>
            {isNew ? <Begin types={types} /> : <Troubles troubles={troubles} />}
            <Cards view={view} />
            <Queues view={view} depthsOf={(queue) => watch.history.of(queue)} />
          </>
        ),
      };
    },
  };
}

/** What to do where nothing was done yet. */
function Begin({ types }: { types: readonly string[] }): VNode {
  const type = types[0] ?? 'my.type';
  return (
    <section class="empty">
      <h2>Nothing was pushed yet, and no worker is alive</h2>
      <p>Start a worker, with the module that exports its handlers:</p>
      <p>
        <code>goflow-worker --tasks ./tasks.js --handlers ./handlers</code>
      </p>
      <p>Push a task, with a payload as JSON:</p>
      <p>
        <code>{`goflow push ${type} '…'`}</code>
      </p>
    </section>
  );
}

function Troubles({ troubles }: { troubles: readonly Trouble[] }): VNode {
  if (troubles.length === 0)
    return (
      <section class="troubles" aria-label="What is wrong">
        <p class="good">Nothing is wrong.</p>
      </section>
    );
  return (
    <section class="troubles" aria-label="What is wrong">
      <h2>{`What is wrong: ${count(troubles.length)}`}</h2>
      <ul>
        {troubles.slice(0, TOLD).map(({ kind, about, text, path, query }) => (
          <li class={kind}>
            <span class="mark">{kind === 'bad' ? 'error' : 'warning'}</span>
            <a href={hrefOf(path, query)} data-key={`trouble ${about}`}>
              {oneLine(text)}
            </a>
          </li>
        ))}
      </ul>
      {troubles.length > TOLD && (
        <p>
          {`And ${count(troubles.length - TOLD)} more: `}
          <a href="/dashboard/queues">what is wrong with each queue</a>
        </p>
      )}
    </section>
  );
}

function Cards({ view }: { view: FleetView }): VNode {
  const { queues, workers, at } = view;
  const sum = (read: (queue: QueueLoad) => number): number =>
    queues.reduce((all, queue) => all + read(queue), 0);
  const inState = (state: keyof QueueCounts): number => sum(({ counts }) => counts[state]);
  const slots = sum(({ queue }) => slotsOf(queue, view));
  const oldest = Math.min(...queues.map(({ oldestWaitingAt = Infinity }) => oldestWaitingAt));
  const dead = inState('failed') + inState('expired');
  const running = workers.filter(({ state }) => state === 'running').length;
  return (
    <section class="cards" aria-label="Now">
      <Card name="Waiting" href={hrefOf('/tasks', { state: 'waiting' })} value={inState('waiting')}>
        {oldest === Infinity ? 'nothing waits' : `the oldest ${age(oldest, at)}`}
      </Card>
      <Card name="Active" href={hrefOf('/tasks', { state: 'active' })} value={inState('active')}>
        {`of ${plural(slots, 'slot')}`}
      </Card>
      <Card name="Delayed" href={hrefOf('/tasks', { state: 'delayed' })} value={inState('delayed')}>
        for later, or to be tried again
      </Card>
      <Card name="Dead letters" href={hrefOf('/dead-letters')} value={dead} isBad={dead > 0}>
        {`${rate(sum(({ failed }) => failed))} failed/s`}
      </Card>
      <Card
        name="Completed"
        href={hrefOf('/tasks', { state: 'completed' })}
        value={`${rate(sum(({ completed }) => completed))}/s`}
      >
        in the last minute
      </Card>
      <Card
        name="Workers"
        href={hrefOf('/workers')}
        value={workers.length}
        isBad={workers.length === 0}
      >
        {workers.length === 0 ? 'none is alive' : `${count(running)} running`}
      </Card>
    </section>
  );
}

interface CardProps {
  readonly name: string;
  readonly href: string;
  readonly value: number | string;
  readonly isBad?: boolean;
  readonly children: ComponentChildren;
}

function Card({ name, href, value, isBad = false, children }: CardProps): VNode {
  return (
    <a class="card" href={href} data-key={`card ${name}`}>
      <span class="name">{name}</span>
      <span class={isBad ? 'figure bad' : 'figure'}>
        {typeof value === 'number' ? count(value) : value}
      </span>
      <span class="muted">{children}</span>
    </a>
  );
}

interface QueuesProps {
  readonly view: FleetView;
  readonly depthsOf: (queue: string) => readonly Depth[];
}

function Queues({ view, depthsOf }: QueuesProps): VNode {
  const { queues } = view;
  const busiest = queues
    .toSorted((a, b) => weight(b) - weight(a) || (a.queue < b.queue ? -1 : 1))
    .slice(0, SHOWN);
  if (busiest.length === 0) return <section hidden />;
  return (
    <section>
      <h2>
        {queues.length > SHOWN ? `The busiest ${SHOWN} of ${queues.length} queues` : 'Queues'}
      </h2>
      <div class="scroll">
        <table class="rows">
          <thead>
            <tr>
              <th scope="col">Queue</th>
              <th scope="col" class="number">
                Waiting
              </th>
              <th scope="col" class="number">
                Active
              </th>
              <th scope="col" class="number">
                Done/s
              </th>
              <th scope="col" class="number">
                Failed/s
              </th>
              <th scope="col" class="number">
                Oldest
              </th>
              <th scope="col">Trend</th>
            </tr>
          </thead>
          <tbody>
            {busiest.map((load) => (
              <Row load={load} at={view.at} depths={depthsOf(load.queue)} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const weight = ({ counts, completed }: QueueLoad): number => counts.waiting + completed;

interface RowProps {
  readonly load: QueueLoad;
  readonly at: number;
  readonly depths: readonly Depth[];
}

function Row({ load, at, depths }: RowProps): VNode {
  const { queue, counts, isPaused, completed, failed, oldestWaitingAt } = load;
  return (
    <tr>
      <td class="task">
        <a href={queueHref(queue)} data-key={`queue ${queue}`}>
          {oneLine(queue)}
        </a>
        {isPaused && <span class="tag warn">paused</span>}
      </td>
      <td data-label="Waiting" class="number">
        <Counted queue={queue} state="waiting" value={counts.waiting} />
      </td>
      <td data-label="Active" class="number">
        <Counted queue={queue} state="active" value={counts.active} />
      </td>
      <td data-label="Done/s" class="number">
        {rate(completed)}
      </td>
      <td data-label="Failed/s" class={failed > 0 ? 'number bad' : 'number'}>
        {rate(failed)}
      </td>
      <td data-label="Oldest" class="number">
        {age(oldestWaitingAt, at)}
      </td>
      <td class="small-chart">
        <Chart
          what={`${queue}: tasks waiting`}
          points={depths.map((depth) => ({ at: depth.at, value: depth.waiting }))}
          at={at}
          overMs={spanOf(depths, at)}
        />
      </td>
    </tr>
  );
}
