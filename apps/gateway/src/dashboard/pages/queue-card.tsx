import type { QueueLoad } from '@goflow/sdk';
import { TASK_STATES } from '@goflow/shared';
import type { VNode } from 'preact';
import { may, type Role } from '../../roles.js';
import { type Depth, spanOf } from '../fleet/depth-history.js';
import type { FleetView } from '../fleet/fleet-watch.js';
import { failureRatio, minutes, plural, slotsOf, type Trouble } from '../fleet/troubles.js';
import { Chart } from '../parts/chart.js';
import { age, count, rate, time } from '../parts/figures.js';
import { oneLine } from '../parts/foreign.js';
import { hrefOf } from '../parts/href.js';
import { boardHref, Counted } from '../parts/queue-links.js';

/** What is shown of a queue. */
interface QueueCardProps {
  readonly load: QueueLoad;
  readonly view: FleetView;
  readonly depths: readonly Depth[];
  readonly troubles: readonly Trouble[];
  readonly role: Role;
  /** The address of the list that it stands in, to come back to. */
  readonly shown: string;
}

/** One queue: how deep it is, how it does, and what stops it. */
export function QueueCard({ load, view, depths, troubles, role, shown }: QueueCardProps): VNode {
  const { queue, isPaused } = load;
  const name = oneLine(queue);
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
          {may(role, 'operate') && <PauseForm queue={queue} isPaused={isPaused} shown={shown} />}
        </nav>
      </div>
      <Wrong troubles={troubles} />
      <dl class="figures">
        {TASK_STATES.map((state) => (
          <div>
            <dt>{state}</dt>
            <dd>
              <Counted queue={queue} state={state} value={load.counts[state]} />
            </dd>
          </div>
        ))}
      </dl>
      {depths.length > 0 ? (
        <Waiting queue={queue} depths={depths} at={view.at} />
      ) : (
        <p class="muted legend">How many waited before is not known.</p>
      )}
      <Figures load={load} view={view} />
    </section>
  );
}

/** What is wrong with it, and where more is to be seen, unless that is here. */
function Wrong({ troubles }: Pick<QueueCardProps, 'troubles'>): VNode {
  return (
    <>
      {troubles.map(({ kind, about, text, path, query }) => (
        <p class="why">
          <span class={kind}>{kind === 'bad' ? 'error' : 'warning'}</span>{' '}
          {path === '/queues' ? (
            oneLine(text)
          ) : (
            <a href={hrefOf(path, query)} data-key={`trouble ${about}`}>
              {oneLine(text)}
            </a>
          )}
        </p>
      ))}
    </>
  );
}

interface WaitingProps {
  readonly queue: string;
  readonly depths: readonly Depth[];
  readonly at: number;
}

function Waiting({ queue, depths, at }: WaitingProps): VNode {
  const overMs = spanOf(depths, at);
  return (
    <>
      <Chart
        what={`${queue}: tasks waiting`}
        points={depths.map((depth) => ({ at: depth.at, value: depth.waiting }))}
        at={at}
        overMs={overMs}
      />
      <p class="muted legend">
        {`Waiting, in the last ${minutes(overMs)}: at most ${count(highest(depths))}.`}
      </p>
    </>
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

interface PauseFormProps {
  readonly queue: string;
  readonly isPaused: boolean;
  readonly shown: string;
}

function PauseForm({ queue, isPaused, shown }: PauseFormProps): VNode {
  const action = isPaused ? 'resume' : 'pause';
  const name = oneLine(queue);
  return (
    <form method="post" action={hrefOf(`/queues/${encodeURIComponent(queue)}/${action}`)}>
      <input type="hidden" name="shown" value={shown} />
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
