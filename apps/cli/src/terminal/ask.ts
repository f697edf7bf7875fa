import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { GoflowError } from '@goflow/shared';
import type { Context } from '../context.js';

/**
 * Asks somebody who sits at a terminal whether to go on. Anything but `y` or `yes` is no.
 *
 * @param otherwise what to do where nobody is there to be asked
 * @throws OPTION_INVALID without a terminal; WAIT_ABORTED by Ctrl-C
 */
export async function confirm(
  question: string,
  otherwise: string,
  { stdin, out, signal }: Pick<Context, 'stdin' | 'out' | 'signal'>,
): Promise<boolean> {
  if (stdin.isTTY !== true)
    throw new GoflowError('OPTION_INVALID', `${question} Nobody is there to answer: ${otherwise}`);
  out.prompt(`${question} [y/N] `);
  const lines = createInterface({ input: stdin });
  try {
    const [answer] = (await Promise.race([
      once(lines, 'line', { signal }),
      // Ctrl-D.
      once(lines, 'close', { signal }).then(() => ['']),
    ])) as [string];
    return /^y(es)?$/i.test(answer.trim());
  } catch (cause) {
    throw new GoflowError('WAIT_ABORTED', 'nothing was done', { cause });
  } finally {
    lines.close();
    stdin.destroy();
  }
}
