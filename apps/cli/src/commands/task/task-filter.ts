import type { DeadLetterFilter, TaskFilter, TaskList, TaskSummary } from '@goflow/sdk';
import { type Broker, checkInteger, GoflowError, isQueueName, suggest } from '@goflow/shared';
import type { GivenOptions } from '../../command.js';
import type { Context } from '../../context.js';
import { EXIT, type ExitCode } from '../../exit-code.js';
import { namedByFlag, numberOf, textOf, textsOf, toPastTime } from '../../input/given.js';
import { jsonText, oneLine } from '../../terminal/printable.js';
import type { TableColumn } from '../../terminal/table.js';

const FLAGS = Object.fromEntries(
  ['state', 'type', 'queue', 'tag', 'since', 'text', 'reason', 'fingerprint'].map((name) => [
    `filter.${name}`,
    `--${name}`,
  ]),
);

/** What was asked for, and nothing that was not: an `undefined` is refused where all would be meant. */
export function filterOf(options: GivenOptions, now: number): TaskFilter & DeadLetterFilter {
  const since = textOf(options, 'since');
  const given = {
    state: textsOf(options, 'state'),
    type: textOf(options, 'type'),
    queue: textOf(options, 'queue'),
    tag: textOf(options, 'tag'),
    since: since === undefined ? undefined : toPastTime('--since', since, now),
    text: textOf(options, 'text'),
    reason: textOf(options, 'reason'),
    fingerprint: textOf(options, 'fingerprint'),
  };
  const asked = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(asked) as TaskFilter & DeadLetterFilter;
}

/**
 * That the queue which was asked for is there: a misspelt one would look like one without tasks. Queues of live workers are, too, and those
 * that only other programs push to.
 *
 * @throws QUEUE_UNKNOWN
 */
export async function checkQueueOf({ queue }: TaskFilter, broker: Broker): Promise<void> {
  // A name that cannot be one is refused as such.
  if (queue === undefined || !isQueueName(queue)) return;
  const [queues, workers, counts] = await Promise.all([
    broker.fleet.queues(),
    broker.inspector.workers(),
    broker.counts(queue),
  ]);
  const known = [
    ...queues.map((record) => record.queue),
    ...workers.flatMap((worker) => Object.keys(worker.queues)),
  ];
  if (known.includes(queue) || Object.values(counts).some((count) => count > 0)) return;
  const meant = suggest(queue, known);
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  throw new GoflowError('QUEUE_UNKNOWN', oneLine(`there is no queue ${queue}${hint}`));
}

/** Asks, and tells errors of the filter by their flags. */
export async function asking<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw namedByFlag(error, FLAGS);
  }
}

/** How a list is asked for, and shown. */
export interface ListPlan {
  readonly read: (cursor: string | undefined, limit: number) => Promise<TaskList>;
  readonly columns: readonly TableColumn<TaskSummary>[];
  readonly empty: string;
}

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 100_000;
const PAGE = 1_000;

/** Lists tasks up to `--limit`, from `--cursor` on; where there are more, where to go on stands on stderr. */
export async function listTasks(
  options: GivenOptions,
  { out, signal }: Context,
  { read, columns, empty }: ListPlan,
): Promise<ExitCode> {
  const limit = checkInteger('--limit', numberOf(options, 'limit') ?? DEFAULT_LIMIT, [
    1,
    MAX_LIMIT,
  ]);
  const first = textOf(options, 'cursor');
  let next = first;
  const rows: TaskSummary[] = [];
  do {
    // Of few among very many, one call may find none.
    if (rows.length > 0 || next !== first) out.status(`${rows.length} found, looking on`);
    if (signal.aborted) throw new GoflowError('WAIT_ABORTED', 'the list was ended');
    const page = await asking(() => read(next, Math.min(limit - rows.length, PAGE)));
    rows.push(...page.tasks);
    next = page.next;
  } while (next !== undefined && rows.length < limit);
  out.rows(rows, columns, empty);
  if (next !== undefined) out.note(out.json ? jsonText({ next }) : `(more: --cursor ${next})`);
  return EXIT.done;
}
