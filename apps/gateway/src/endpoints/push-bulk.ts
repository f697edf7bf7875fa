import { readJson, sendProblem } from '@goflow/http';
import { PushIncompleteError, type PushOutcome } from '@goflow/sdk';
import { GoflowError, isGoflowError, type ParseIssue, type PushOptions } from '@goflow/shared';
import type { Request, Response } from 'express';
import type { Endpoint } from '../endpoint.js';
import type { GatewayDeps } from '../gateway-deps.js';
import { answer, body } from '../openapi/parts.js';
import { payloadLimits } from '../requests/payload-limits.js';
import { type BulkBody, bulkRequestOf } from './push-request.js';
import { idempotencyOf, withHeaders } from './request-options.js';
import {
  BULK_BODY,
  IDEMPOTENCY_KEY,
  OUTCOMES,
  PUSHED_MANY,
  TRACEPARENT,
  TYPE,
} from './task-schemas.js';

/** `POST /tasks/:type/bulk`: up to 10,000 tasks. 201 when all are in, 207 when some are; nothing is sent when a payload is wrong. */
export function pushBulkEndpoint({ goflow, options: given }: GatewayDeps): Endpoint {
  const limits = payloadLimits(given);
  return {
    method: 'POST',
    path: '/tasks/:type/bulk',
    role: 'push',
    operation: {
      operationId: 'pushMany',
      summary: 'Push up to 10,000 tasks of one type',
      description:
        'All payloads are checked before the first is sent. `payloads` have all the same options, which stand beside them; `items` each have their own.',
      tags: ['tasks'],
      parameters: [TYPE, IDEMPOTENCY_KEY, TRACEPARENT],
      requestBody: body(BULK_BODY),
      responses: {
        201: answer('All are in Redis.', PUSHED_MANY),
        207: answer('Some are in Redis: each has an outcome.', OUTCOMES),
        409: { description: 'A task with another payload has the id.' },
      },
    },
    handle: async (request, response) => {
      const { type = '' } = request.params as { type?: string };
      const body = bulkRequestOf(await readJson(request, limits));
      const { payloads, options } = manyOf(body, request);
      try {
        const ids = await goflow.pushMany(type, payloads, options);
        response.status(201).json({ ids });
      } catch (error) {
        if (!(error instanceof PushIncompleteError)) throw placed(error, 'items' in body);
        tellOutcomes(error, response);
      }
    },
  };
}

/** What `pushMany` takes. @throws REQUEST_INVALID */
function manyOf(body: BulkBody, request: Request) {
  const idOf = idempotencyOf(request);
  if ('items' in body) {
    const { items } = body;
    const each = items.map(({ options }, index) => withHeaders(options, request, idOf?.(index)));
    const options = (_payload: unknown, index: number): PushOptions | undefined => each[index];
    return { payloads: items.map(({ payload }) => payload), options };
  }
  const { payloads } = body;
  if (idOf === undefined)
    return { payloads, options: withHeaders(body.options, request, undefined) };
  const { chunk, ...given } = body.options;
  if (chunk !== undefined && chunk !== 1)
    throw new GoflowError('REQUEST_INVALID', 'there is an Idempotency-Key, and so no `chunk`');
  const options = (_payload: unknown, index: number): PushOptions =>
    withHeaders(given, request, idOf(index));
  return { payloads, options };
}

/** The SDK names the index of what is wrong; here also its fields, by their place in the body. */
function placed(error: unknown, isItems: boolean): unknown {
  if (!isGoflowError(error)) return error;
  const { index, issues = [] } = (error.details ?? {}) as { index?: number; issues?: ParseIssue[] };
  if (index === undefined) return error;
  const place = isItems ? `items[${index}].payload` : `payloads[${index}]`;
  const fields = issues.map(({ path, message }) => {
    const joint = path === '' || path.startsWith('[') ? '' : '.';
    return { path: `${place}${joint}${path}`, message };
  });
  const message = error.message.replace(/^payloads(?=\[)/, isItems ? 'items' : 'payloads');
  const details = { index, ...(fields.length > 0 ? { issues: fields } : {}) };
  return new GoflowError(error.code, message, { cause: error, details });
}

/** 207, or where none is in the problem of the first. */
function tellOutcomes(error: PushIncompleteError, response: Response): void {
  const outcomes = error.outcomes.map(inAnswer);
  const pushed = outcomes.filter((outcome) => outcome.pushed).length;
  const { cause } = error;
  if (pushed > 0) response.status(207).json({ pushed, failed: outcomes.length - pushed, outcomes });
  else sendProblem(response, isGoflowError(cause) ? cause : error, { outcomes });
}

/** `sent`: it may be in all the same; a request that is repeated with its Idempotency-Key is safe. */
function inAnswer(outcome: PushOutcome) {
  if (outcome.pushed) return outcome;
  const { id, pushed, error } = outcome;
  if (!isGoflowError(error)) return { id, pushed, code: 'INTERNAL', detail: 'it was not pushed' };
  const { sent } = (error.details ?? {}) as { sent?: boolean };
  return { id, pushed, code: error.code, detail: error.message, ...(sent ? { sent } : {}) };
}
