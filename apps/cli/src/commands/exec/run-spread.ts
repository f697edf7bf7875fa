import {
  type Command,
  type CommandResult,
  defineExecTasks,
  EXEC_EXIT,
  EXEC_TYPE,
  notRun,
} from '@goflow/commands';
import type { PushMiddleware } from '@goflow/sdk';
import { isGoflowError, type TaskId, type TaskResult, type Tasks } from '@goflow/shared';
import { whileRedisIsWatched } from '../../connection/redis-watch.js';
import { hintOfQueue } from '../../connection/untaken-queue.js';
import type { Context } from '../../context.js';
import type { ExecListener } from './run-here.js';

/** How commands are spread. */
export interface SpreadOptions {
  readonly queue: string;
  /** The most that are on their way at once. @default 1,000: as many as the workers take */
  readonly threads: number | undefined;
  readonly listener: ExecListener;
  readonly context: Context;
}

const IN_FLIGHT = 1_000;
const MAX_IN_FLIGHT = 100_000;

/** How a run over many workers went. */
export interface SpreadEnd {
  /** A command was not pushed, because Redis was away. */
  readonly isUnreachable: boolean;
}

/**
 * Has workers run commands: each is a task `exec`. Every one has a result when it resolves: with the signal aborted those on their way are
 * cancelled, which ends them where they run, and the others are not pushed. That Redis is away is noted, once each time.
 *
 * @throws BROKER_UNAVAILABLE, BROKER_REFUSED when Redis does not answer at the beginning
 */
export async function runSpread(
  commands: readonly Command[],
  { queue, threads, listener, context }: SpreadOptions,
): Promise<SpreadEnd> {
  const { signal } = context;
  const connection = await context.connect();
  const sent = new Map<TaskId, number>();
  const tasks = defineExecTasks(queue) as unknown as Tasks;
  const goflow = connection.pushing(tasks, [rememberIn(sent, commands)]);
  goflow.on('type:unhandled', () => listener.note(NO_WORKER));
  await hintOfQueue(connection.broker, queue, (text) => listener.note(text));
  const cancelled = new Set<number | undefined>();
  goflow.on('task:cancelled', ({ id }) => void cancelled.add(sent.get(id)));
  const open = new Set<number>();
  let isUnreachable = false;
  let taken = 0;
  function* source(): Generator<Command, void, undefined> {
    for (const [index, command] of commands.entries()) {
      taken += 1;
      open.add(index);
      listener.started(index, 'pushed');
      yield command;
    }
  }
  const inFlight = Math.min(threads ?? IN_FLIGHT, commands.length || 1, MAX_IN_FLIGHT);
  const follow = async (): Promise<void> => {
    const options = { inFlight, signal, onStop: 'cancel' } as const;
    for await (const { index, id, result, error } of goflow.map(EXEC_TYPE, source(), options)) {
      open.delete(index);
      if (id !== undefined) sent.delete(id);
      isUnreachable ||= isGoflowError(error, 'BROKER_UNAVAILABLE');
      const { identifier } = commands[index] as Command;
      await listener.ended(
        index,
        result ? resultOf(result, identifier) : unsent(error, identifier),
      );
    }
  };
  try {
    const note = (text: string): void => listener.note(text);
    await whileRedisIsWatched({ broker: connection.broker, note, wait: follow });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  await tellTheRest(commands, { open, taken, cancelled, listener });
  return { isUnreachable };
}

/** Notes the place of each command by the id of its task. */
function rememberIn(sent: Map<TaskId, number>, commands: readonly Command[]): PushMiddleware {
  const places = new Map(commands.map((command, index) => [command as unknown, index]));
  return async ({ payload }, next) => {
    const pushed = await next();
    sent.set(pushed.id, places.get(payload) as number);
    return pushed;
  };
}

const NO_WORKER =
  'no live worker runs commands: start one with goflow-worker --allow-programs; they wait until then';

function resultOf(task: TaskResult, identifier: string): CommandResult {
  if (task.status === 'completed') return task.value as CommandResult;
  const failure = 'failure' in task ? task.failure : undefined;
  const why = failure ? `${failure.code ?? failure.name}: ${failure.message}` : task.status;
  return unknownEnd(identifier, why);
}

function unsent(error: Error, identifier: string): CommandResult {
  const code = isGoflowError(error) ? `${error.code}: ` : '';
  const { sent } = (isGoflowError(error) ? (error.details ?? {}) : {}) as { sent?: boolean };
  const may = sent === true ? '; it may run all the same' : '';
  return unknownEnd(identifier, `not pushed: ${code}${error.message}${may}`);
}

const unknownEnd = (identifier: string, error: string): CommandResult =>
  notRun(identifier, EXEC_EXIT.unknown, error);

/** After Ctrl-C. */
async function tellTheRest(
  commands: readonly Command[],
  given: {
    readonly open: ReadonlySet<number>;
    readonly taken: number;
    /** Of those that were on their way, the ones that are known to be cancelled. */
    readonly cancelled: ReadonlySet<number | undefined>;
    readonly listener: ExecListener;
  },
): Promise<void> {
  for (const [index, { identifier }] of commands.entries()) {
    const isOpen = given.open.has(index);
    if (index < given.taken && !isOpen) continue;
    const how = isOpen ? 'interrupted: cancelled' : 'not run: interrupted';
    const result =
      isOpen && !given.cancelled.has(index)
        ? unknownEnd(identifier, 'interrupted; it may run all the same')
        : notRun(identifier, EXEC_EXIT.interrupted, how);
    await given.listener.ended(index, result);
  }
}
