import type { RunCommand } from '../../command.js';
import { textOf } from '../../input/given.js';
import { parseJson } from '../../input/parse-json.js';
import { eachId, idsOf } from './each-id.js';
import { redriveOne } from './redrive-one.js';

/** `goflow retry <id...>` */
export const run: RunCommand = async (args, options, context) => {
  const text = textOf(options, 'payload');
  const payload =
    text === undefined
      ? undefined
      : { value: parseJson(text, { name: '--payload', isArgument: true }) };
  return eachId(idsOf(args), context, (id) => redriveOne(id, { payload }, context));
};
