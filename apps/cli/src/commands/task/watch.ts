import type { TaskChange } from '@goflow/sdk';
import { GoflowError, isGoflowError, type TaskResult } from '@goflow/shared';
import type { RunCommand } from '../../command.js';
import { whileRedisIsWatched } from '../../connection/redis-watch.js';
import type { ExitCode } from '../../exit-code.js';
import { EXIT } from '../../exit-code.js';
import type { Output } from '../../terminal/output.js';
import { jsonText } from '../../terminal/printable.js';
import { exitOf, failureLine, paintState } from './outcome.js';
import { logText } from './task-facts.js';

/** `goflow watch <id>` */
export const run: RunCommand = async ([id = ''], _options, { connect, out, signal }) => {
  const { broker, goflow } = await connect();
  let code: ExitCode = EXIT.done;
  const follow = async (): Promise<void> => {
    for await (const change of goflow.watch(id, { signal })) {
      if (out.json) out.document(change);
      else for (const line of linesOf(change, out)) out.line(line);
      if (change.kind === 'outcome') code = exitOf(change.result);
      await out.drained();
    }
  };
  try {
    await whileRedisIsWatched({ broker, note: (text) => out.note(text), wait: follow });
  } catch (cause) {
    if (!isGoflowError(cause, 'WAIT_ABORTED')) throw cause;
    throw new GoflowError('WAIT_ABORTED', `no longer watched; the task goes on: ${id}`, { cause });
  }
  return code;
};

function linesOf(change: TaskChange, out: Output): string[] {
  switch (change.kind) {
    case 'log':
      return [logText(change.line, out)];
    case 'progress':
      return [`${out.paint('cyan', 'progress')} ${jsonText(change.progress)}`];
    default:
      return outcomeLines(change.result, out);
  }
}

function outcomeLines(result: TaskResult, out: Output): string[] {
  return [
    paintState(out, result.status),
    ...('failure' in result ? [out.paint('red', failureLine(result.failure))] : []),
    ...('value' in result && result.value !== undefined ? [jsonText(result.value, 2)] : []),
  ];
}
