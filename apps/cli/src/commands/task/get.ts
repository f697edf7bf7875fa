import type { RunCommand } from '../../command.js';
import { EXIT } from '../../exit-code.js';

/** `goflow get <id>` */
export const run: RunCommand = async ([id = ''], _options, { connect, out }) => {
  const { goflow } = await connect();
  const result = await goflow.getResult(id);
  out.answer(result, () => [
    `${result.status}`,
    ...('value' in result ? [JSON.stringify(result.value, undefined, 2)] : []),
    ...('failure' in result ? [`${result.failure.name}: ${result.failure.message}`] : []),
  ]);
  if (result.status === 'unknown') return EXIT.notFound;
  const isFailed = ['failed', 'cancelled', 'expired'].includes(result.status);
  return isFailed ? EXIT.failed : EXIT.done;
};
