import {
  type Broker,
  GoflowError,
  invalidOption,
  isGoflowError,
  type TaskId,
} from '@goflow/shared';
import type { GivenOptions, RunCommand } from '../../command.js';
import type { AnyGoflow } from '../../connection/connect.js';
import { contractIn, contractsFor } from '../../connection/contracts.js';
import { hintOfQueue } from '../../connection/untaken-queue.js';
import type { Context } from '../../context.js';
import { EXIT, type ExitCode } from '../../exit-code.js';
import { numberOf, textOf } from '../../input/given.js';
import { openInput, readError, readText } from '../../input/open-input.js';
import { parseJson } from '../../input/parse-json.js';
import { tellOutcome, waitFor } from './outcome.js';
import { type Patience, patienceOf, pushOptionsOf } from './push-options.js';

/** `goflow push <type> [payload]` */
export const run: RunCommand = async ([type = '', payload], options, context) => {
  const push = pushOptionsOf(options);
  const patience = patienceOf(options.wait);
  const file = textOf(options, 'file');
  if (payload !== undefined && file !== undefined)
    throw invalidOption('PAYLOAD', 'left out where --file is given', payload);
  const { tasks: module } = context.settings;
  const tasks = await contractsFor({ type, tasks: module, queue: textOf(options, 'queue') });
  const chunk = numberOf(options, 'chunk');
  if (options.many === true) {
    const { pushMany } = await import('./push-many.js');
    const from = manyFrom(payload ?? file ?? '-', file, options);
    return pushMany({ type, tasks, from, push, chunk, patience }, context);
  }
  if (chunk !== undefined) throw invalidOption('--chunk', 'left out without --many', chunk);
  const value = await readPayload(payload, file, context);
  const { broker, pushing } = await context.connect();
  const goflow = pushing(tasks);
  const { out } = context;
  goflow.on('type:unhandled', () =>
    out.note(`no live worker has a handler of ${type}: the task waits for one`),
  );
  const pushed = await goflow.pushOnce(type, value, push);
  await hintOfQueue(broker, contractIn(tasks, type).queue, (text) => out.note(text));
  if (patience) return waitForPushed({ broker, goflow }, { ...pushed, patience }, context);
  out.answer(pushed, () => [pushed.id]);
  if (pushed.deduplicated && !out.json) out.note('the task was there before; none was added');
  return EXIT.done;
};

function manyFrom(given: string, file: string | undefined, options: GivenOptions): string {
  if (file === undefined && given !== '-')
    throw invalidOption(
      'PAYLOAD',
      '`-` or left out with --many: lines come from --file or stdin',
      given,
    );
  for (const [name, flag] of [
    ['id', '--id'],
    ['deduplicationKey', '--deduplication-key'],
  ] as const)
    if (options[name] !== undefined)
      throw invalidOption(flag, 'left out with --many: all lines would be one task', options[name]);
  return given;
}

/** @throws OPTION_INVALID for what is no JSON, with line and column */
async function readPayload(
  given: string | undefined,
  file: string | undefined,
  context: Context,
): Promise<unknown> {
  if (given === undefined && file === undefined)
    throw new GoflowError(
      'OPTION_INVALID',
      `Expected a PAYLOAD: JSON such as '{"to":"a@example.com"}', --file FILE, or - for stdin; null for none`,
    );
  if (given !== undefined && given !== '-')
    return parseJson(given, { name: 'PAYLOAD', isArgument: true });
  const input = await openInput(file ?? '-', context);
  try {
    return parseJson(await readText(input), { name: input.name });
  } catch (error) {
    throw readError(error, input.name, context.signal);
  }
}

interface PushedToWaitFor {
  readonly id: TaskId;
  readonly deduplicated: boolean;
  readonly patience: Patience;
}

async function waitForPushed(
  connection: { readonly broker: Broker; readonly goflow: AnyGoflow },
  { id, deduplicated, patience }: PushedToWaitFor,
  { out, signal }: Context,
): Promise<ExitCode> {
  try {
    const result = await waitFor(connection, id, { ...patience, signal, out });
    return tellOutcome(result, out, { deduplicated });
  } catch (error) {
    if (!isGoflowError(error, 'WAIT_TIMEOUT')) throw error;
    const { message } = error;
    throw new GoflowError('WAIT_TIMEOUT', `${message} (goflow wait ${id} waits again)`);
  }
}
