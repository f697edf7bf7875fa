import { spell } from '@goflow/shared';
import type { VNode } from 'preact';
import { may, type Role } from '../../roles.js';
import type { BulkRun } from '../bulk-runs.js';
import { oneLine } from '../parts/foreign.js';
import { hrefOf, pathOf, taskPath } from '../parts/href.js';
import { LETTER_FIELDS, type LetterSearch } from './dead-letter-search.js';

interface GroupFormsProps {
  /** The group. */
  readonly search: LetterSearch;
  /** What the page shows, to come back to. */
  readonly shown: LetterSearch;
  readonly count: number;
}

/** Redrives or discards what was counted; what has died since is left alone. */
export function GroupForms({ search, shown, count }: GroupFormsProps): VNode {
  const { fingerprint, type } = search;
  const all = count === 1 ? 'the dead letter' : `all ${count.toLocaleString('en')} dead letters`;
  const name = count === 1 ? '' : ` all ${count.toLocaleString('en')}`;
  return (
    <div class="row">
      <form method="post" action={hrefOf('/dead-letters/redrive')} class="row" autocomplete="off">
        <Hidden search={search} shown={shown} />
        <button
          type="submit"
          data-key={`redrive-${fingerprint}`}
          data-confirm={`Redrive ${all} of ${oneLine(type)} that failed like this?`}
        >
          {`Redrive${name}`}
        </button>
        {count > 1 && (
          <label class="beside">
            <input type="number" name="rate" value="100" min={1} max={100_000} required /> a second
          </label>
        )}
      </form>
      <form method="post" action={hrefOf('/dead-letters/discard')}>
        <Hidden search={search} shown={shown} />
        <button
          type="submit"
          class="danger"
          data-key={`discard-${fingerprint}`}
          data-confirm={`Remove ${all} of ${oneLine(type)} that failed like this, for good?`}
        >
          {`Discard${name}`}
        </button>
      </form>
    </div>
  );
}

function Hidden({ search, shown }: Omit<GroupFormsProps, 'count'>): VNode {
  return (
    <>
      {LETTER_FIELDS.filter((name) => search[name] !== '').map((name) => (
        <input type="hidden" name={name} value={search[name]} />
      ))}
      <input type="hidden" name="shown" value={pathOf('', { ...shown })} />
    </>
  );
}

/** What is being done to groups, and what was done last. */
export function Runs({ runs, role }: { runs: readonly BulkRun[]; role: Role }): VNode {
  return (
    <section aria-label="What is done to groups" hidden={runs.length === 0}>
      {runs.map((run) => (
        <Run run={run} role={role} />
      ))}
    </section>
  );
}

function Run({ run, role }: { run: BulkRun; role: Role }): VNode {
  const { id, failed, by, endedAt, startedAt, isLost = false } = run;
  const took = spell((endedAt ?? new Date()).getTime() - startedAt.getTime());
  const [when, ago] = isLost ? ['Begun', ' ago'] : [endedAt ? 'Took' : 'For', ''];
  return (
    <div class="notice">
      <p>{`${outcomeOf(run)} ${when} ${took}${ago}, ${oneLine(by)}.`}</p>
      {failed.length > 0 && (
        <ul>
          {failed.map((one) => (
            <li>
              <a href={hrefOf(taskPath(one.id))}>{one.id}</a>: {oneLine(one.message)}
            </li>
          ))}
        </ul>
      )}
      {!endedAt && !isLost && may(role, 'operate') && (
        <form method="post" action={hrefOf(`/dead-letters/runs/${id}/stop`)}>
          <button type="submit" data-key={`stop-${id}`}>
            Stop
          </button>
        </form>
      )}
    </div>
  );
}

/** One or two sentences. */
function outcomeOf({ kind, of, done, failedCount, endedAt, trouble, isLost }: BulkRun): string {
  const doing = kind === 'redrive' ? 'Redriving' : 'Discarding';
  const did = kind === 'redrive' ? 'redriven' : 'discarded';
  const name = oneLine(of);
  const left = failedCount > 0 ? ` ${failedCount.toLocaleString('en')} could not be.` : '';
  const so = `${done.toLocaleString('en')} ${did}`;
  if (isLost)
    return `${name}: ${so}, then nothing was heard of it: its gateway is gone. The button of the group does the rest.${left}`;
  if (!endedAt) return `${doing} ${name}${done > 0 ? `: ${so} until now` : ' …'}.${left}`;
  const why = trouble === undefined ? '' : ` It ended early: ${oneLine(trouble)}.`;
  return `${name}: ${so}.${left}${why}`;
}
