import { type Routes, readJson, sendProblem } from '@goflow/http';
import { GoflowError } from '@goflow/shared';
import type { Request, RequestHandler } from 'express';
import { checkConcurrency } from '../concurrency/concurrency-options.js';
import type { Worker } from '../worker.js';
import type { CallerOf } from './caller.js';

/**
 * Live concurrency. `/herd` speaks Gofherd's words for it. Any content type is taken: Gofherd's own example sends JSON as a form, which is what
 * `curl -d` does. A page of another site comes no further than the guards, whatever it says it sends.
 */
export function concurrencyRoutes(worker: Worker, callerOf: CallerOf): Routes {
  const by = (request: Request): string => `worker ${shortName(worker)} (${callerOf(request)})`;
  return {
    '/concurrency': {
      GET: (_request, response) => {
        response.json(stateOf(worker));
      },
      PATCH: async (request, response) => {
        for (const [queue, concurrency] of readPatch(await readJson(request), worker))
          await worker.setConcurrency(concurrency, queue, by(request));
        response.json(stateOf(worker));
      },
      DELETE: async (request, response) => {
        await worker.resetConcurrency(readQueue(request, worker), by(request));
        response.json(stateOf(worker));
      },
    },
    '/herd': {
      GET: (_request, response) => {
        response.json({ num: herdSize(worker) });
      },
      PATCH: patchHerd(worker, by),
    },
  };
}

/** What the address of who asks is still to have room beside. */
const MAX_NAME = 120;

const shortName = ({ name }: Worker): string => name.slice(0, MAX_NAME);

/** `concurrency` is the number of every queue, or null where they differ. */
function stateOf(worker: Worker): object {
  const sizes = new Set(Object.values(worker.concurrency));
  const [only = 0] = sizes;
  const details = Object.entries(worker.concurrencies).map(([queue, { override, ...state }]) => [
    queue,
    { ...state, override: override ?? null },
  ]);
  const { labels, concurrencyBounds: bounds } = worker.limits;
  return {
    concurrency: sizes.size <= 1 ? only : null,
    queues: worker.concurrency,
    active: worker.active,
    details: Object.fromEntries(details),
    labels,
    bounds,
  };
}

/** `?queue=images`, or nothing for all. */
function readQueue({ query }: Request, worker: Worker): string | undefined {
  const { queue, ...rest } = query;
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined)
    throw invalid(`unknown parameter ${JSON.stringify(unknown.slice(0, 50))}`);
  return queue === undefined ? undefined : knownQueue(queue, worker);
}

type Change = readonly [queue: string | undefined, concurrency: number];

/** All of it is checked before any of it is done. */
function readPatch(body: unknown, worker: Worker): Change[] {
  const { concurrency, queue, queues, ...rest } = readObject(body);
  const unknown = Object.keys(rest)[0];
  if (unknown !== undefined) throw invalid(`unknown field ${JSON.stringify(unknown.slice(0, 50))}`);
  if (queues !== undefined) {
    if (concurrency !== undefined || queue !== undefined)
      throw invalid('either `queues`, or `concurrency`, not both');
    const entries = Object.entries(readObject(queues));
    if (entries.length === 0) throw invalid('`queues` names no queue');
    return entries.map(([name, size]) => [knownQueue(name, worker), readSize(size)]);
  }
  return [[queue === undefined ? undefined : knownQueue(queue, worker), readSize(concurrency)]];
}

function readObject(body: unknown): Record<string, unknown> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body))
    return body as Record<string, unknown>;
  throw invalid('expected a JSON object like {"concurrency": 20}');
}

function readSize(value: unknown): number {
  try {
    return checkConcurrency(value);
  } catch (error) {
    throw invalid((error as Error).message);
  }
}

function knownQueue(name: unknown, worker: Worker): string {
  const queues = Object.keys(worker.concurrency);
  if (typeof name === 'string' && queues.includes(name)) return name;
  throw invalid(
    `this worker consumes ${queues.join(', ')}, not ${JSON.stringify(name)?.slice(0, 80)}`,
  );
}

const invalid = (detail: string): GoflowError => new GoflowError('REQUEST_INVALID', detail);

/** Gofherd has one herd; with several queues its size is that of the largest. */
function herdSize(worker: Worker): number {
  return Math.max(0, ...Object.values(worker.concurrency));
}

function patchHerd(worker: Worker, by: CallerOf): RequestHandler {
  return async (request, response) => {
    const { num } = readObject(await readJson(request));
    if (typeof num === 'number' && num < 0) {
      const msg = 'Herd size cannot be negative';
      sendProblem(response, invalid(msg), { num: herdSize(worker), msg });
      return;
    }
    const size = readSize(num);
    const isSame = Object.values(worker.concurrency).every((current) => current === size);
    await worker.setConcurrency(size, undefined, by(request));
    // The bounds of the worker may have made another number of it.
    response.json({ num: herdSize(worker), msg: isSame ? `Herd size already ${size}` : 'success' });
  };
}
