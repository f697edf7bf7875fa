import { sendProblem } from '@goflow/http';
import type { DeadLetterFilter, GoflowDeadLetters, RedriveReport } from '@goflow/sdk';
import { isGoflowError } from '@goflow/shared';
import type { Request, RequestHandler, Response } from 'express';
import type { Endpoint } from '../endpoint.js';
import type { GatewayDeps } from '../gateway-deps.js';
import { answer, body, FLAG, onlyFields, ref, told } from '../openapi/parts.js';
import { badRequest, fieldsOf, objectOf } from './body-fields.js';
import { FILTER_FIELDS, filterOf } from './dead-letter-filter.js';
import { endOf, WITHIN } from './within.js';

const LIMIT = { type: 'integer', minimum: 1, maximum: 10_000_000 };
const RATE = { type: 'integer', minimum: 1, maximum: 100_000, default: 100 };
/** What is counted without being asked for less. */
const MAX_COUNTED = 10_000_000;
const ABOUT =
  'It goes on until all are done, or `limit` or `within` ends it: `complete: false`, and the same request does the rest, with ' +
  '`filter.until` of the answer without those that have failed since. When the connection is closed it ends. A problem has how ' +
  'far it came as `progress`.';

/** What is done to all dead letters that answer to a filter. */
export function bulkEndpoints({ goflow }: GatewayDeps): readonly Endpoint[] {
  const { deadLetters } = goflow.inspector;
  const common = {
    filter: ref('DeadLetterFilter'),
    'limit?': told(LIMIT, 'How many to take at most.'),
    'within?': WITHIN,
    'dryRun?': told({ ...FLAG, default: false }, 'Only counts.'),
  };
  return [
    {
      method: 'POST',
      path: '/dead-letters/redrive',
      role: 'operate',
      isLong: true,
      operation: {
        operationId: 'redriveAll',
        summary: 'Put all dead letters that answer to a filter back into their queues',
        description: ABOUT,
        tags: ['dead letters'],
        requestBody: body(onlyFields({ ...common, 'rate?': told(RATE, 'Tasks a second.') })),
        responses: { 200: REPORT },
      },
      handle: bulk(
        deadLetters,
        ['filter', 'limit', 'within', 'dryRun', 'rate'],
        (filter, options) =>
          deadLetters.redriveAll(filter, options as Parameters<typeof deadLetters.redriveAll>[1]),
      ),
    },
    {
      method: 'POST',
      path: '/dead-letters/discard',
      role: 'operate',
      isLong: true,
      operation: {
        operationId: 'discardAll',
        summary: 'Remove all dead letters that answer to a filter',
        description: ABOUT,
        tags: ['dead letters'],
        requestBody: body(onlyFields(common)),
        responses: { 200: REPORT },
      },
      handle: bulk(deadLetters, ['filter', 'limit', 'within', 'dryRun'], (filter, options) =>
        deadLetters.discardAll(filter, options as Parameters<typeof deadLetters.discardAll>[1]),
      ),
    },
  ];
}

const REPORT = answer('How far it came; with `dryRun` how far it would.', {
  anyOf: [ref('BulkReport'), ref('DryRun')],
});

type Field = 'filter' | 'limit' | 'within' | 'dryRun' | 'rate';
type Act = (filter: DeadLetterFilter, options: object) => Promise<Pick<RedriveReport, 'complete'>>;

function bulk(deadLetters: GoflowDeadLetters, known: readonly Field[], act: Act): RequestHandler {
  return async (request: Request, response: Response) => {
    const { filter, within, dryRun, ...options } = await fieldsOf(request, known);
    // Said, so that nobody takes all by mistake.
    if (filter === undefined) throw badRequest('filter is missing; {} means all dead letters');
    const asked = filterOf(objectOf('filter', filter, FILTER_FIELDS));
    if (dryRun !== undefined && typeof dryRun !== 'boolean')
      throw badRequest('dryRun is true or false');
    const until = (asked.until ?? new Date()).toISOString();
    const signal = endOf(response, within);
    if (dryRun) {
      const { limit = MAX_COUNTED } = options as { limit?: number };
      const { groups, examined, complete } = await deadLetters.groups(asked, { limit, signal });
      const matched = groups.reduce((sum, { count }) => sum + count, 0);
      response.json({ dryRun: true, until, matched, examined, complete });
      return;
    }
    try {
      response.json({ until, ...(await act(asked, { ...options, signal })) });
    } catch (error) {
      if (!isGoflowError(error)) throw error;
      const { progress } = (error.details ?? {}) as { progress?: object };
      sendProblem(response, error, progress ? { until, progress } : {});
    }
  };
}
