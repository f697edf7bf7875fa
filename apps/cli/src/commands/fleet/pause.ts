import type { RunCommand } from '../../command.js';
import { EXIT } from '../../exit-code.js';
import { byOf } from './scope.js';

/** `goflow pause <queue>` */
export const pause: RunCommand = async ([queue = ''], options, { connect, out }) => {
  const { goflow } = await connect();
  const { changed } = await goflow.fleet.pause(queue, byOf(options));
  out.answer({ queue, isPaused: true, changed }, () => [
    changed ? `${queue} is paused` : `${queue} was paused already`,
  ]);
  return EXIT.done;
};

/** `goflow resume <queue>` */
export const resume: RunCommand = async ([queue = ''], options, { connect, out }) => {
  const { goflow } = await connect();
  const { changed } = await goflow.fleet.resume(queue, byOf(options));
  out.answer({ queue, isPaused: false, changed }, () => [
    changed ? `${queue} goes on` : `${queue} was not paused`,
  ]);
  return EXIT.done;
};
