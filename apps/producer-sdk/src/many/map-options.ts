import { checkInteger, checkKnown, invalidOption } from '@goflow/shared';
import { checkSignal } from './check-signal.js';

/** Options of a map, beside those of its pushes. */
export interface MapOptions {
  /**
   * The most items that are taken from the source and not yet given out: 1 to 100,000. A source is read no faster than
   * outcomes are taken, so memory is bounded whatever its length. Not fewer than `chunk`, which would never be full.
   * @default 100; with chunks ten of them, where that is more
   */
  readonly inFlight?: number | undefined;
  /**
   * How many tasks one entry of the queue carries: 1 to 1,000, as for {@link PushManyOptions.chunk}. Items that come in the same turn of
   * the event loop are pushed together; those of a source that is slower go in smaller chunks, and never wait for others.
   * @default that of the contract, else 1
   */
  readonly chunk?: number | undefined;
  /** Ends the map at once, as WAIT_ABORTED with the reason as its cause; outcomes not given out yet are dropped. */
  readonly signal?: AbortSignal | undefined;
  /** True: outcomes in the order of the source; a slow task holds up those behind it. @default false: as tasks end */
  readonly ordered?: boolean | undefined;
  /**
   * What becomes of tasks in flight when the map ends early: by `break`, an error thrown in the loop, `signal`, or an error of the
   * client. `cancel`: they are cancelled, and leaving takes until pushes and cancels under way have settled; a task that could
   * not be cancelled goes on. @default 'leave': they go on, and nobody is told
   */
  readonly onStop?: 'leave' | 'cancel' | undefined;
}

/** {@link MapOptions} checked, with their defaults. */
export interface ResolvedMapOptions {
  readonly inFlight: number;
  readonly signal: AbortSignal | undefined;
  readonly isOrdered: boolean;
  readonly onStop: 'leave' | 'cancel';
}

const KNOWN = ['inFlight', 'chunk', 'signal', 'ordered', 'onStop'];
const DEFAULT_IN_FLIGHT = 100;
/** With fewer, most slots of the workers would be empty. */
const DEFAULT_CHUNKS_IN_FLIGHT = 10;
const MAX_IN_FLIGHT = 100_000;

/** @throws OPTION_INVALID */
export function resolveMapOptions(options: MapOptions): ResolvedMapOptions {
  checkKnown('map options', options, KNOWN);
  const { ordered = false, onStop = 'leave', chunk = 1 } = options;
  const inFlight =
    options.inFlight ?? Math.max(DEFAULT_IN_FLIGHT, DEFAULT_CHUNKS_IN_FLIGHT * chunk);
  checkInteger('inFlight', inFlight, [1, MAX_IN_FLIGHT]);
  if (inFlight < chunk) throw invalidOption('inFlight', `at least \`chunk\`, ${chunk}`, inFlight);
  if (typeof ordered !== 'boolean') throw invalidOption('ordered', 'true or false', ordered);
  if (onStop !== 'leave' && onStop !== 'cancel')
    throw invalidOption('onStop', "'leave' or 'cancel'", onStop);
  return {
    inFlight,
    signal: checkSignal(options.signal),
    isOrdered: ordered,
    onStop,
  };
}
