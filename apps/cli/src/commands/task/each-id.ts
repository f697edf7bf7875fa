import { isGoflowError } from '@goflow/shared';
import type { Context } from '../../context.js';
import { EXIT, type ExitCode, exitCodeOf } from '../../exit-code.js';
import { oneLine } from '../../terminal/printable.js';
import { unknownTask } from './outcome.js';

/** What became of one id. */
export interface IdOutcome {
  /** For `--json`. */
  readonly answer: { readonly id: string; readonly found: string };
  /** For people, on stdout; `undefined` when there is nothing to tell but the code. */
  readonly told: string;
  readonly code: ExitCode;
}

/**
 * Does something with each id, one after another, and tells of each. An error of one is told, and the others are tried; but for Redis,
 * which would refuse them as well.
 *
 * @returns the worst of all
 */
export async function eachId(
  ids: readonly string[],
  { out, signal }: Context,
  act: (id: string) => Promise<IdOutcome>,
): Promise<ExitCode> {
  let worst: ExitCode = EXIT.done;
  for (const id of ids) {
    if (signal.aborted) return EXIT.interrupted;
    const { answer, told, code } = await actOn(id, act);
    if (out.json) out.document(answer);
    else if (answer.found === 'unknown') out.note(unknownTask(id));
    else if (code === EXIT.done) out.line(`${told}: ${oneLine(id)}`);
    else out.note(`${told}: ${oneLine(id)}`);
    worst = Math.max(worst, code) as ExitCode;
  }
  return worst;
}

async function actOn(
  id: string,
  act: (id: string) => Promise<IdOutcome>,
): Promise<Omit<IdOutcome, 'answer'> & { readonly answer: IdOutcome['answer'] }> {
  try {
    return await act(id);
  } catch (error) {
    const code = exitCodeOf(error);
    if (!isGoflowError(error) || code === EXIT.unreachable) throw error;
    const { message } = error;
    const answer = { id, found: 'error', error: { code: error.code, message } };
    return { answer, told: `${error.code}: ${oneLine(message)}`, code };
  }
}

/** Ids as they were given: each argument, or one that holds many. */
export function idsOf(args: readonly unknown[]): readonly string[] {
  return args.flat().filter((id): id is string => typeof id === 'string');
}
