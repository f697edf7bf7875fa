import type { ConcurrencyRule, ConcurrencyScope } from '@goflow/sdk';
import type { VNode } from 'preact';
import type { FleetView } from '../fleet/fleet-watch.js';
import { oneLine } from '../parts/foreign.js';
import { hrefOf } from '../parts/href.js';
import { Time } from '../parts/time.js';

/** What is filled in: as texts, since what is wrong is shown again. */
export interface ConcurrencyForm {
  /** Empty for all. */
  readonly queue: string;
  /** `region=eu,tier=a`; empty for all workers. */
  readonly labels: string;
  readonly concurrency: string;
}

/** Where the form goes. */
export const PATH = '/workers/concurrency';

export const scopeOf = (given: Readonly<Record<string, string | undefined>>): ConcurrencyForm => ({
  queue: given.queue?.trim() ?? '',
  labels: given.labels?.trim() ?? '',
  concurrency: given.concurrency?.trim() ?? '',
});

/** A scope in words. */
export function spellScope({ queue, labels = {} }: ConcurrencyScope): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const workers = pairs.length === 0 ? 'all workers' : `workers with ${pairs.join(', ')}`;
  return `${queue ?? 'every queue'}, ${workers}`;
}

/** What is wanted of the fleet, the most specific first. */
export function Rules(props: {
  readonly rules: readonly ConcurrencyRule[];
  readonly isOperator: boolean;
}): VNode {
  const { rules, isOperator } = props;
  return (
    <section>
      <h2>Rules of concurrency</h2>
      {rules.length === 0 ? (
        <p class="muted">
          No rule: every worker runs as many tasks at once as it was started with.
        </p>
      ) : (
        <div class="scroll">
          <table class="rows">
            <thead>
              <tr>
                <th scope="col">For</th>
                <th scope="col" class="number">
                  Tasks at once
                </th>
                <th scope="col">By</th>
                <th scope="col">Since</th>
                {isOperator && <th scope="col">Take back</th>}
              </tr>
            </thead>
            <tbody>
              {rules.map((rule) => (
                <Rule rule={rule} isOperator={isOperator} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Rule({ rule, isOperator }: { rule: ConcurrencyRule; isOperator: boolean }): VNode {
  const { queue = '', labels = {}, concurrency, by, at } = rule;
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const scope = oneLine(spellScope(rule));
  return (
    <tr>
      <td class="task">{scope}</td>
      <td data-label="Tasks at once" class="number">
        {concurrency}
      </td>
      <td data-label="By">{oneLine(by)}</td>
      <td data-label="Since">
        <Time at={at} />
      </td>
      {isOperator && (
        <td>
          <form method="post" action={hrefOf(`${PATH}/reset`)}>
            <input type="hidden" name="queue" value={queue} />
            <input type="hidden" name="labels" value={pairs.join(',')} />
            <button type="submit" data-key={`reset ${scope}`} aria-label={`Reset ${scope}`}>
              Reset
            </button>
          </form>
        </td>
      )}
    </tr>
  );
}

/** What {@link SetConcurrency} shows. */
export interface SetConcurrencyProps {
  readonly view: FleetView;
  readonly form: ConcurrencyForm;
  /** What is wrong with what is filled in. */
  readonly wrong: string | undefined;
}

/** The form. A rule is for the workers that start later, too. */
export function SetConcurrency({ view, form, wrong }: SetConcurrencyProps): VNode {
  return (
    <section id="set" class="card">
      <h2>Set the concurrency of the fleet</h2>
      {wrong !== undefined && (
        <p class="bad" role="alert">
          {wrong}
        </p>
      )}
      <form class="row" method="post" action={hrefOf(PATH)}>
        <QueueField queues={view.queues.map(({ queue }) => queue)} value={form.queue} />
        <label>
          Labels, such as region=eu
          <input name="labels" value={form.labels} placeholder="all workers" />
        </label>
        <label>
          Tasks at once, of each worker
          <input
            type="number"
            name="concurrency"
            min="0"
            max="10000"
            required
            value={form.concurrency}
            // Who comes by a label of a worker, or was wrong, goes on here.
            autofocus={form.labels !== '' || wrong !== undefined}
          />
        </label>
        <button type="submit" data-key="set">
          Set
        </button>
      </form>
      <p class="muted">
        Running workers follow within a second, those that start later from their first task. 0
        takes nothing new. Of several rules the most specific counts; a worker keeps to its own
        bounds. One worker alone is chosen by a label that only it has, or set on its own port:{' '}
        <code>PATCH /concurrency</code>.
      </p>
    </section>
  );
}

/** What was filled in is kept, even where it is no queue. */
function QueueField({ queues, value }: { queues: readonly string[]; value: string }): VNode {
  const all = value === '' || queues.includes(value) ? queues : [...queues, value];
  return (
    <label>
      Queue
      <select name="queue">
        <option value="">every queue</option>
        {all.map((queue) => (
          <option value={queue} selected={queue === value}>
            {oneLine(queue)}
          </option>
        ))}
      </select>
    </label>
  );
}
