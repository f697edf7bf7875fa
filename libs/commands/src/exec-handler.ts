import { isGoflowError } from '@goflow/shared';
import { type AllowList, resolveAllowList } from './allow-list.js';
import { cutMark, wholeOf } from './capped-output.js';
import { type Command, type CommandResult, EXEC_EXIT } from './command.js';
import {
  type AllowedEnv,
  type Environment,
  passedOn,
  refusedVariable,
  resolveAllowedEnv,
} from './environment.js';
import { notRun, runCommand, wasInterrupted } from './run-command.js';

/** Options of {@link createExecHandler}. */
export interface ExecHandlerOptions {
  /** The programs that may be run: names to be looked for in PATH, and absolute paths. All arguments are allowed with them. */
  readonly allow: readonly string[];
  /** Variables that commands may set in their `env`; `*` stands for all. @default none */
  readonly allowEnv?: readonly string[] | undefined;
  /** The worker's environment: PATH, HOME, LANG and TZ of it are passed on, and nothing else. @default nothing is */
  readonly env?: Environment | undefined;
  /** Bytes kept of each of stdout and stderr. @default 1,048,576 (1 MiB) */
  readonly outputLimit?: number | undefined;
  /** Bytes of JSON that a result may have; output is cut to it. Not more than the worker's `resultLimit`. @default 1,048,576 (1 MiB) */
  readonly resultLimit?: number | undefined;
}

/** The handler of `exec`. Of its context it needs the signal. */
export type ExecHandler = (
  command: Command,
  ctx: { readonly signal: AbortSignal },
) => Promise<CommandResult>;

const RESULT_LIMIT = 1024 * 1024;
const CANCEL_GRACE_MS = 5_000;
/** A worker that leaves waits half a second for its handlers; one that lost its lease runs what another runs already. */
const LEAVING_GRACE_MS = 250;

/**
 * Makes the handler of `exec` for a worker. What is not allowed has exit code 126, and is not run: the answer is final, and does not wait for
 * another worker that might allow it.
 *
 * @throws OPTION_INVALID
 */
export function createExecHandler(options: ExecHandlerOptions): ExecHandler {
  const { env = {}, outputLimit, resultLimit = RESULT_LIMIT } = options;
  const allowed = resolveAllowList(options.allow);
  const allowedEnv = resolveAllowedEnv(options.allowEnv ?? []);
  const base = passedOn(env);
  return async (command, { signal }) => {
    const refusal = whyRefused(command, allowed, allowedEnv);
    if (refusal !== undefined) return notRun(command.identifier, EXEC_EXIT.refused, refusal);
    const result = await runCommand(command, { env: base, signal, outputLimit, killGraceMs });
    // What it came to is no result of the command then.
    if (wasInterrupted(result)) signal.throwIfAborted();
    return cutToFit(result, resultLimit);
  };
}

function whyRefused(
  { command, env }: Command,
  allowed: AllowList,
  allowedEnv: AllowedEnv,
): string | undefined {
  if (!allowed.has(command)) return `this worker does not allow the program ${command}`;
  const name = refusedVariable(env, allowedEnv);
  return name === undefined ? undefined : `this worker does not let commands set ${name}`;
}

const killGraceMs = (reason: unknown): number =>
  reason === undefined || isGoflowError(reason, 'TASK_CANCELLED')
    ? CANCEL_GRACE_MS
    : LEAVING_GRACE_MS;

/** Cuts output until the JSON of a result is small enough: how much longer text becomes in it depends on what is in it. */
function cutToFit(result: CommandResult, limit: number): CommandResult {
  let fitting = result;
  let share = 1;
  for (let bytes = sizeOf(result); bytes > limit && share > 0; bytes = sizeOf(fitting)) {
    share = share < MIN_SHARE ? 0 : share * (limit / bytes) * 0.95;
    const body = cutTo(result.result_body, share, result.truncated);
    const errors = cutTo(result.stderr ?? '', share, result.truncated);
    fitting = {
      ...result,
      result_body: body,
      ...(errors === '' ? {} : { stderr: errors }),
      truncated: true,
    };
  }
  return fitting;
}

const sizeOf = (result: CommandResult): number => Buffer.byteLength(JSON.stringify(result));

/** Less than this is nothing: names and marks alone may be longer than a limit. */
const MIN_SHARE = 1e-6;

function cutTo(text: string, share: number, wasCut = false): string {
  const length = Math.floor(text.length * share);
  if (text.length <= length) return text;
  const isInPair = /[\ud800-\udbff]/.test(text.charAt(length - 1));
  const kept = text.slice(0, isInPair ? length - 1 : length);
  // What the command wrote, and not what was left of it the first time.
  const whole = (wasCut ? wholeOf(text) : undefined) ?? Buffer.byteLength(text);
  return `${kept}${cutMark(Buffer.byteLength(kept), whole)}`;
}
