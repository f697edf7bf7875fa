import type { TaskInfo } from '@goflow/sdk';
import { isFinal, parseTaskId, spell } from '@goflow/shared';
import type { ComponentChildren, VNode } from 'preact';
import { plural } from '../fleet/troubles.js';
import { oneLine, visible } from '../parts/foreign.js';
import { hrefOf } from '../parts/href.js';
import { boardHref, queueHref } from '../parts/queue-links.js';
import { State } from '../parts/state.js';
import { Time } from '../parts/time.js';

type Fact = readonly [name: string, value: ComponentChildren];

/** What a task's facts are made of. */
interface FactsProps {
  readonly task: TaskInfo;
  /** Why it does not start. */
  readonly heldUp: string | undefined;
  /** What its contract says, where its push said nothing; `undefined` without a contract. */
  readonly maxAttempts: number | undefined;
}

/** What is known of a task, but for what it holds and did. */
export function Facts({ task, heldUp, maxAttempts }: FactsProps): VNode {
  const most = task.options.maxAttempts ?? maxAttempts;
  return (
    <dl class="card">
      {[...mainFacts(task, heldUp), ...timeFacts(task, most), ...optionFacts(task)]
        .filter(([, value]) => value !== undefined && value !== false)
        .map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </>
        ))}
    </dl>
  );
}

function mainFacts(task: TaskInfo, heldUp: string | undefined): Fact[] {
  const { id, type, queue, status, tags, priority, reason, fingerprint } = task;
  const { unique, chunk } = parseTaskId(id) ?? {};
  const letters = hrefOf('/dead-letters/tasks', { fingerprint, type });
  return [
    ['State', <State state={status} />],
    ['Held up', heldUp],
    ['Id', <code>{id}</code>],
    ['Type', <a href={hrefOf('/tasks', { type })}>{oneLine(type)}</a>],
    ['Queue', <a href={queueHref(queue)}>{queue}</a>],
    [
      'Chunk',
      chunk && (
        <>
          {`place ${chunk.index + 1} of `}
          <code>{chunk.unique}</code>
        </>
      ),
    ],
    ['Tags', tags.length > 0 && tags.map((tag) => <Tag tag={tag} />)],
    ['Priority', priority > 0 && priority],
    ['In BullMQ', !chunk && <a href={`${boardHref(queue)}/${unique}`}>Its job</a>],
    ['Dead letter', reason && <a href={letters}>{`${reason}: all that failed like this`}</a>],
  ];
}

function Tag({ tag }: { tag: string }): VNode {
  return (
    <a class="tag" href={hrefOf('/tasks', { tag })}>
      {visible(tag)}
    </a>
  );
}

function timeFacts(task: TaskInfo, maxAttempts: number | undefined): Fact[] {
  const { pushedAt, startedAt, finishedAt, history, options, status } = task;
  const firstAt = history[0]?.startedAt;
  const dueAt = Math.max(pushedAt.getTime(), options.dueAt?.getTime() ?? 0);
  const endedAt = isFinal(status) ? finishedAt : undefined;
  return [
    ['Pushed', <Time at={pushedAt} />],
    ['Due', options.dueAt && <Time at={options.dueAt} />],
    ['Started', startedAt && <Time at={startedAt} />],
    ['Finished', endedAt && <Time at={endedAt} />],
    ['Waited', firstAt && history[0]?.attempt === 1 && between(dueAt, firstAt)],
    ['Ran', startedAt && endedAt && between(startedAt, endedAt)],
    ['Attempts', attemptsOf(task, maxAttempts)],
    ['Worker', task.worker && <a href={hrefOf('/workers')}>{oneLine(task.worker)}</a>],
  ];
}

const between = (from: Date | number, to: Date): string =>
  spell(Math.max(0, to.getTime() - Number(from)));

/** Starts are more than attempts where it was handed back, or its worker died. */
function attemptsOf(task: TaskInfo, maxAttempts: number | undefined): string {
  const { attempts, starts, stalls, status } = task;
  const known = attempts + (status === 'active' ? 1 : 0);
  const parts = [
    maxAttempts === undefined ? String(attempts) : `${attempts} of ${maxAttempts}`,
    status === 'active' ? 'one is running' : '',
    starts > known ? `started ${plural(starts, 'time')}` : '',
    stalls > 0 ? `its worker was lost ${plural(stalls, 'time')}` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

function optionFacts({ options }: TaskInfo): Fact[] {
  const { backoff, timeoutMs, startBy, deadline, retention, deduplicationKey, traceparent } =
    options;
  const traceId = traceparent?.split('-')[1];
  return [
    ['Backoff', backoff && `${backoff.type}, from ${spell(backoff.delayMs)}`],
    ['Timeout', timeoutMs !== undefined && spell(timeoutMs)],
    ['Start by', startBy && <Time at={startBy} />],
    ['Deadline', deadline && <Time at={deadline} />],
    [
      'Retention',
      retention &&
        `${spell(retention.completedMs)} when completed, ${spell(retention.failedMs)} otherwise`,
    ],
    ['Deduplication key', deduplicationKey !== undefined && oneLine(deduplicationKey)],
    ['Trace', traceId !== undefined && <code>{oneLine(traceId)}</code>],
  ];
}
