import { invalidOption } from '@goflow/shared';
import { type MapOptions, resolveMapOptions } from './map-options.js';
import { type MapOutcome, type MapPorts, MapRun } from './map-run.js';
import { runGenerator } from './run-generator.js';
import { isSource } from './source.js';

export type { MapOptions } from './map-options.js';
export type { MapOutcome, MapPorts } from './map-run.js';

/**
 * Pushes every item of a source and gives out what became of it, with backpressure both ways: nothing is read before the first
 * outcome is asked for, and never are more than `inFlight` items on the way from the source to the consumer.
 *
 * An item that cannot be pushed is an outcome with an `error`, and the others go on: even with BROKER_UNAVAILABLE, where every
 * item may come back so. How fast is up to the consumer, who can wait, or leave; sockets and timers get their turn in between.
 * So is an item whose result is encrypted with a key that is not here (KEY_MISSING).
 *
 * It has no deadline of its own: give a `signal`, such as `AbortSignal.timeout(ms)`. Leaving calls `return()` of the
 * source once, and waits for it unless the source is being read: that read may never end.
 *
 * @throws OPTION_INVALID at once, when an option is
 * @throws WAIT_ABORTED from `next()`, when `signal` aborts
 * @throws what the source throws, after the outcomes of all items before it
 * @throws what `outcome` rejects with, and CLIENT_CLOSED of a push: after the outcomes that are there
 */
export function mapTasks(
  source: Iterable<unknown> | AsyncIterable<unknown>,
  options: MapOptions,
  ports: MapPorts,
): AsyncGenerator<MapOutcome, void, undefined> {
  if (!isSource(source)) throw invalidOption('source', 'an iterable or async iterable', source);
  return runGenerator(new MapRun(source, resolveMapOptions(options), ports));
}
