import { parseTaskId } from '@goflow/shared';
import type { RunCommand } from '../../command.js';
import { factLines } from '../../terminal/facts.js';
import { jsonText } from '../../terminal/printable.js';
import { exitOf, failureLine, paintState, unknownTask } from './outcome.js';
import { taskFacts } from './task-facts.js';

/** `goflow get <id>` */
export const run: RunCommand = async ([id = ''], _options, { connect, out }) => {
  const { goflow } = await connect();
  const result = await goflow.getResult(id);
  out.answer(result, () => [
    paintState(out, result.status),
    ...(result.status === 'unknown' ? [] : factLines(taskFacts(result), out)),
    ...('failure' in result ? [out.paint('red', failureLine(result.failure))] : []),
    ...('value' in result && result.value !== undefined ? [jsonText(result.value, 2)] : []),
  ]);
  if (result.status === 'unknown' && !parseTaskId(id)) out.note(unknownTask(id));
  return exitOf(result);
};
