import { setTimeout as delay } from 'node:timers/promises';
import { isGoflowError, toMs } from '@goflow/shared';
import type { RunCommand } from '../../../command.js';
import type { Connection } from '../../../connection/connect.js';
import type { Context } from '../../../context.js';
import { EXIT } from '../../../exit-code.js';
import { textOf, toDuration } from '../../../input/given.js';
import { withIso } from '../../../terminal/iso.js';
import { oneLine } from '../../../terminal/printable.js';
import { type Sample, takeSample } from './sample.js';
import { openScreen, type Screen } from './screen.js';
import { viewOf, wrapped } from './view.js';

const INTERVAL = { minMs: 500, maxMs: 60_000 };

/** `goflow top` */
export const run: RunCommand = async (_args, options, context) => {
  const everyMs = toMs('--interval', toDuration(textOf(options, 'interval') ?? '2s'), INTERVAL);
  const { out, connect } = context;
  const connection = await connect();
  if (options.once !== true && out.isTerminal && !out.json)
    return watch(connection, context, everyMs);
  const sample = await takeSample(connection, everyMs);
  const queues = sample.queues.map((queue) => withIso(queue, 'oldestWaitingAt'));
  out.answer({ ...withIso(sample, 'at'), queues }, () =>
    viewOf(sample, { width: out.width, paint: (...args) => out.paint(...args) }),
  );
  return EXIT.done;
};

/** Looks again and again until somebody leaves. A Redis that is away is said, and looked for. */
async function watch(connection: Connection, context: Context, everyMs: number) {
  const screen = openScreen(context);
  const left = new Promise<undefined>((resolve) => {
    screen.left.addEventListener('abort', () => resolve(undefined));
  });
  let last: Sample | undefined;
  let trouble: string | undefined;
  try {
    while (!screen.left.aborted) {
      try {
        const sample = takeSample(connection, everyMs);
        // Whoever leaves does not wait for a Redis that hangs.
        last = (await Promise.race([sample, left])) ?? last;
        if (screen.left.aborted) break;
        trouble = undefined;
      } catch (error) {
        if (!isGoflowError(error)) throw error;
        trouble = oneLine(`${error.code}: ${error.message}`);
      }
      screen.show(linesOf({ last, trouble }, screen));
      await delay(everyMs, undefined, { signal: screen.left }).catch(() => undefined);
    }
  } finally {
    screen.close();
  }
  return EXIT.done;
}

function linesOf(
  { last, trouble }: { last: Sample | undefined; trouble: string | undefined },
  screen: Screen,
): string[] {
  const view = last === undefined ? [] : viewOf(last, screen);
  if (trouble === undefined) return view;
  const words = `Redis does not answer; what follows is old. ${trouble}`.split(' ');
  return [...wrapped(words, ' ', screen.width).map((line) => screen.paint('red', line)), ...view];
}
