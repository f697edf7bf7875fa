import type { DeadLetterFilter, GoflowDeadLetters } from '@goflow/sdk';
import { GoflowError, invalidOption } from '@goflow/shared';
import type { GivenOptions } from '../../command.js';
import type { Context } from '../../context.js';
import { EXIT, type ExitCode } from '../../exit-code.js';
import { confirm } from '../../terminal/ask.js';
import { counted, plural } from '../../terminal/counts.js';
import { oneLine } from '../../terminal/printable.js';
import { eachId, type IdOutcome, idsOf } from '../task/each-id.js';
import { asking, checkQueueOf, filterOf } from '../task/task-filter.js';

/** What a command does to dead letters: to some by their ids, or to all that answer to a filter. */
export interface DeadAction {
  /** What it would do, for `--dry-run` and the question: `put back`. */
  readonly would: string;
  readonly one: (id: string) => Promise<IdOutcome>;
  readonly all: (filter: DeadLetterFilter) => Promise<ExitCode>;
}

/** No count is larger: what the SDK looks at, at most. */
const MAX_COUNTED = 10_000_000;

/** Does it to what the arguments and options choose; to all only when somebody confirms that, or said `--yes`. */
export async function onChosen(
  args: readonly unknown[],
  options: GivenOptions,
  { context, action }: { readonly context: Context; readonly action: DeadAction },
): Promise<ExitCode> {
  const ids = idsOf(args);
  const isDry = options.dryRun === true;
  const { broker, reading } = await connected(ids, options, context);
  if (ids.length > 0)
    return eachId(ids, context, isDry ? (id) => dryOne(id, context, action) : action.one);
  const now = broker.clock.now();
  // What dies while somebody thinks about the count is not what was asked about.
  const filter = { ...filterOf(options, now), until: new Date(now) };
  await checkQueueOf(filter, broker);
  if (isDry || options.yes !== true) {
    const { deadLetters } = (await reading()).inspector;
    const counts = await count(deadLetters, filter, context);
    if (isDry) return tellCount(counts, context, action);
    // JSON has its report, of none.
    if (counts.count === 0 && context.out.json) return action.all(filter);
    if (counts.count === 0) {
      context.out.note('no dead letters');
      return EXIT.done;
    }
    const what = `${action.would} ${plural(counts.count, 'dead letter')}?`;
    const question = what.charAt(0).toUpperCase() + what.slice(1);
    if (!(await confirm(question, 'say --yes to do it, or --dry-run to count', context))) {
      context.out.note('nothing was done');
      return EXIT.done;
    }
  }
  return action.all(filter);
}

/** Checked before anything is asked of Redis. @throws OPTION_INVALID */
async function connected(ids: readonly string[], options: GivenOptions, { connect }: Context) {
  const filters = Object.keys(filterOf(options, 0));
  if (ids.length === 0 && options.all !== true)
    throw new GoflowError('OPTION_INVALID', 'Expected ids, or --all with filters or without');
  if (ids.length > 0 && options.all === true)
    throw invalidOption('--all', 'left out where ids are given', true);
  if (ids.length > 0 && filters.length > 0)
    throw invalidOption(`--${filters[0]}`, 'given with --all, and not with ids', ids[0]);
  return connect();
}

interface Count {
  readonly count: number;
  readonly complete: boolean;
}

async function count(
  deadLetters: GoflowDeadLetters,
  filter: DeadLetterFilter,
  { signal, out }: Context,
): Promise<Count> {
  out.status('counting');
  const { groups, complete } = await asking(() =>
    deadLetters.groups(filter, { limit: MAX_COUNTED, signal }),
  );
  out.status('');
  if (signal.aborted) throw new GoflowError('WAIT_ABORTED', 'nothing was done');
  return { count: groups.reduce((sum, group) => sum + group.count, 0), complete };
}

function tellCount({ count, complete }: Count, { out }: Context, { would }: DeadAction): ExitCode {
  const more = complete ? '' : ', and more';
  out.answer({ count, complete, dryRun: true }, () => [
    `would ${would} ${plural(count, 'dead letter')}${more}`,
  ]);
  return EXIT.done;
}

async function dryOne(id: string, { connect }: Context, { would }: DeadAction): Promise<IdOutcome> {
  const { goflow } = await connect();
  const found = (await goflow.status(id)).status;
  const answer = { id, found, dryRun: true };
  if (found === 'unknown') return { answer, told: '', code: EXIT.notFound };
  const isOpen = found === 'failed' || found === 'expired' || found === 'cancelled';
  if (isOpen) return { answer, told: `would ${would}`, code: EXIT.done };
  return { answer, told: `${found}, which stays as it is`, code: EXIT.failed };
}

/** What was done to many, in one line; those that it could not be done with are told on stderr. */
export function tellReport(
  report: {
    readonly skipped: number;
    readonly failedCount: number;
    readonly failed: readonly {
      readonly id: string;
      readonly error: { readonly message: string };
    }[];
    readonly complete: boolean;
  },
  done: string,
  { out, signal }: Context,
): ExitCode {
  const { skipped, failedCount, failed } = report;
  out.status('');
  out.answer(report, () => [
    done,
    ...(skipped > 0 ? [`${counted(skipped)} skipped: somebody else was faster`] : []),
    ...(failedCount > 0 ? [`${counted(failedCount)} could not be`] : []),
  ]);
  for (const { id, error } of failed) out.note(`${oneLine(id)}: ${oneLine(error.message)}`);
  if (signal.aborted)
    throw new GoflowError('WAIT_ABORTED', 'ended early; called again, it does the rest');
  return failedCount > 0 ? EXIT.failed : EXIT.done;
}
