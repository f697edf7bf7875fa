import type { Goflow, TaskDefinitions, TaskResult } from '@goflow/sdk';
import { isFinal, isGoflowError, toMs, unknownTask } from '@goflow/shared';
import type { Endpoint } from '../endpoint.js';
import type { GatewayDeps } from '../gateway-deps.js';
import { answer, inQuery, TEXT } from '../openapi/parts.js';
import { queryOf } from '../requests/query.js';
import { idOf } from './one-task.js';
import { ID, TASK_RESULT } from './task-schemas.js';

const MAX_WAIT_MS = 60_000;

/** `GET /tasks/:id/result?wait=30s`: 200 with the outcome, 202 where there is none yet. */
export function taskResultEndpoint({ goflow, held }: GatewayDeps): Endpoint {
  return {
    method: 'GET',
    path: '/tasks/:id/result',
    role: 'read',
    isLong: true,
    operation: {
      operationId: 'getResult',
      summary: 'Ask for the result of a task, and wait for it',
      description:
        'A task that failed, was cancelled or expired has an outcome too: `status` says which. 202 and `Retry-After` while there is none.',
      tags: ['tasks'],
      parameters: [
        ID,
        inQuery('wait', TEXT, 'How long to wait for the outcome: up to `60s`. Default 0.'),
      ],
      responses: {
        200: answer('The outcome.', TASK_RESULT),
        202: answer('There is none yet: ask again.', TASK_RESULT),
        404: { description: 'There is no such task.' },
      },
    },
    handle: async (request, response) => {
      const id = idOf(request);
      const waitMs = toMs('wait', durationOf(queryOf(request).get('wait')), { maxMs: MAX_WAIT_MS });
      const result =
        waitMs === 0
          ? await goflow.getResult(id)
          : await waitFor(goflow, id, { waitMs, signal: held.polls.hold(response) });
      if (response.destroyed) return;
      if (result.status === 'unknown') throw unknownTask(id);
      if (!isFinal(result.status)) response.status(202).setHeader('Retry-After', '1');
      response.json(result);
    },
  };
}

/** A number alone is milliseconds. */
const durationOf = (text = '0'): unknown => (/^\d+$/.test(text) ? Number(text) : text);

interface Wait {
  readonly waitMs: number;
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
}

async function waitFor(
  goflow: Goflow<TaskDefinitions>,
  id: string,
  { waitMs, signal }: Wait,
): Promise<TaskResult> {
  try {
    return await goflow.waitAny([id], { timeout: waitMs, signal });
  } catch (error) {
    if (!isGoflowError(error, 'WAIT_TIMEOUT') && !isGoflowError(error, 'WAIT_ABORTED')) throw error;
    // Not for one who is gone.
    return goflow.getResult(id);
  }
}
