import type { QueueLoad, TaskState } from '@goflow/sdk';
import type { VNode } from 'preact';
import type { GatewayDeps } from '../../gateway-deps.js';
import { may, type Role } from '../../roles.js';
import { type Depth, spanOf } from '../fleet/depth-history.js';
import type { FleetView, FleetWatch } from '../fleet/fleet-watch.js';
import { failureRatio, plural, slotsOf } from '../fleet/troubles.js';
import type { Action, Page } from '../page.js';
import { Chart } from '../parts/chart.js';
import { age, count, rate, time } from '../parts/figures.js';
import { oneLine } from '../parts/foreign.js';
import { hrefOf } from '../parts/href.js';
import { boardHref, Counted } from '../parts/queue-links.js';

/** All queues: how deep they are, how they do, and what stops them. */
export function queuesPage(watch: FleetWatch): Page {
  return {
    path: '/queues',
    section: 'queues',
    show: async ({ role }) => {
      const view = await watch.look();
      const { queues } = view;
      return {
        title: 'Queues',
        body: queues.length === 0 ? <None /> : <Queues view={view} watch={watch} role={role} />,
      };
    },
  };
}

/** Pausing and resuming. */
export function queueActions({ goflow }: GatewayDeps): readonly Action[] {
  return (['pause', 'resume'] as const).map((action) => ({
    path: `/queues/:queue/${action}`,
    role: 'operate',
    run: async ({ params, by }) => {
      const { queue = '' } = params;
      const { changed } = await goflow.fleet[action](queue, { by });
      const state = action === 'pause' ? 'paused' : 'open';
      return { back: '/queues', notice: `${queue} is ${state}${changed ? '.' : ' already.'}` };
    },
  }));
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
  readonly view: FleetView;
  readonly watch: FleetWatch;
  readonly role: Role;
}

function Queues({ view, watch, role }: QueuesProps): VNode {
  return (
    <>
      {view.queues.map((load) => (
        <Queue load={load} view={view} depths={watch.history.of(load.queue)} role={role} />
      ))}
      <p class="muted">
        Times and rates are of what ended in the last minute, at most the last 200 of each queue.
      </p>
    </>
  );
}

const SHOWN_STATES: readonly TaskState[] = [
  'waiting',
  'delayed',
  'active',
  'completed',
  'failed',
  'cancelled',
  'expired',
];

interface QueueProps {
  readonly load: QueueLoad;
  readonly view: FleetView;
  readonly depths: readonly Depth[];
  readonly role: Role;
}

function Queue({ load, view, depths, role }: QueueProps): VNode {
  const { queue, isPaused } = load;
  const name = oneLine(queue);
  const overMs = spanOf(depths, view.at);
  return (
    <section class="card queue" id={encodeURIComponent(queue)}>
      <div class="head">
        <h2>
          {name}
          {isPaused && <span class="tag warn">paused</span>}
        </h2>
        <nav aria-label={`Of ${name}`}>
          <a href={hrefOf('/tasks', { queue })} data-key={`tasks ${queue}`}>
            Tasks
          </a>
          <a href={hrefOf('/dead-letters', { queue })} data-key={`dead ${queue}`}>
            Dead letters
          </a>
          <a href={boardHref(queue)} data-key={`board ${queue}`}>
            In BullMQ
          </a>
          {may(role, 'operate') && <PauseForm queue={queue} isPaused={isPaused} />}
        </nav>
      </div>
      <dl class="figures">
        {SHOWN_STATES.map((state) => (
          <div>
            <dt>{state}</dt>
            <dd>
              <Counted queue={queue} state={state} value={load.counts[state]} />
            </dd>
          </div>
        ))}
      </dl>
      <Chart
        what={`${queue}: tasks waiting`}
        points={depths.map(({ at, waiting }) => ({ at, value: waiting }))}
        at={view.at}
        overMs={overMs}
      />
      <p class="muted legend">
        {`Waiting, in the last ${plural(Math.round(overMs / 60_000), 'minute')}: at most ${count(highest(depths))}.`}
      </p>
      <Figures load={load} view={view} />
    </section>
  );
}

const highest = (depths: readonly Depth[]): number =>
  Math.max(0, ...depths.map(({ waiting }) => waiting));

function Figures({ load, view }: { load: QueueLoad; view: FleetView }): VNode {
  const { queue, completed, failed, waitP95Ms, runP95Ms, oldestWaitingAt } = load;
  const slots = slotsOf(queue, view);
  const workers = view.workers.filter(({ queues }) => queues[queue]).length;
  const ratio = failureRatio(load);
  const figures: readonly (readonly [name: string, value: string, kind: string | undefined])[] = [
    ['oldest waiting', age(oldestWaitingAt, view.at), undefined],
    ['wait p95', time(waitP95Ms), undefined],
    ['run p95', time(runP95Ms), undefined],
    ['completed', `${rate(completed)}/s`, undefined],
    ['failed', `${rate(failed)}/s`, failed > 0 ? 'bad' : undefined],
    ['failure ratio', `${(ratio * 100).toFixed(1)} %`, ratio >= 0.1 ? 'bad' : undefined],
    [
      'taken by',
      `${plural(workers, 'worker')}, ${plural(slots, 'slot')}`,
      slots === 0 ? 'warn' : undefined,
    ],
  ];
  return (
    <dl class="figures">
      {figures.map(([name, value, kind]) => (
        <div>
          <dt>{name}</dt>
          <dd class={kind}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function PauseForm({ queue, isPaused }: { queue: string; isPaused: boolean }): VNode {
  const action = isPaused ? 'resume' : 'pause';
  const name = oneLine(queue);
  return (
    <form method="post" action={hrefOf(`/queues/${encodeURIComponent(queue)}/${action}`)}>
      <button
        type="submit"
        data-key={`pause ${queue}`}
        aria-label={`${isPaused ? 'Resume' : 'Pause'} ${name}`}
        data-confirm={
          isPaused ? undefined : `Pause ${name}? No worker takes from it until it is resumed.`
        }
      >
        {isPaused ? 'Resume' : 'Pause'}
      </button>
    </form>
  );
}
