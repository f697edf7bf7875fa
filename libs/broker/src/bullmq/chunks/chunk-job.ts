import type { Job } from 'bullmq';
import type { StoredOptions } from '../stored-options.js';

/**
 * The payloads of a chunk as its job's data: a JSON array with one payload a line, so that a script of Redis finds one without
 * decoding any. JSON as goflow writes it has no line break of its own.
 */
export const toChunkData = (payloadsJson: readonly string[]): string =>
  `[\n${payloadsJson.join(',\n')}\n]`;

/** Any other id is a foreign job's, and its tasks could not be asked for. */
const CHUNK_ID = /^[\w-]{22}$/;

/** The payloads that a job carries, decoded; `undefined` for one that is a plain task, or no chunk of goflow's. */
export function payloadsOf(job: Job): readonly unknown[] | undefined {
  const { c: size } = job.opts as StoredOptions;
  if (size === undefined || !CHUNK_ID.test(job.id ?? '')) return undefined;
  const payloads: unknown = job.data;
  return Array.isArray(payloads) && payloads.length === size && size > 0 ? payloads : undefined;
}
