import type { Goflow, TaskChange, TaskDefinitions } from '@goflow/sdk';
import { isGoflowError, unknownTask } from '@goflow/shared';
import type { Request } from 'express';
import type { Endpoint, Operation } from '../endpoint.js';
import type { GatewayDeps } from '../gateway-deps.js';
import { EventStream } from '../requests/event-stream.js';
import { idOf } from './one-task.js';
import { ID } from './task-schemas.js';

/** The id of the last event: who comes again with it has seen the outcome. */
const END = 'end';

const OPERATION: Operation = {
  operationId: 'watchTask',
  summary: 'Follow a task until its outcome',
  description:
    'Server-sent events: `progress` and `log` as they come, at last `outcome`, each with JSON as its data. A comment every 15 s keeps it open. Who comes again with `Last-Event-ID` is told what came since.',
  tags: ['tasks'],
  parameters: [
    ID,
    {
      name: 'Last-Event-ID',
      in: 'header',
      schema: { type: 'string' },
      description: 'Of the last event that was seen.',
    },
  ],
  responses: {
    200: {
      description: 'A stream of events.',
      content: { 'text/event-stream': { schema: { type: 'string' } } },
    },
    204: { description: 'The outcome was told already: there is nothing more.' },
    404: { description: 'There is no such task.' },
  },
};

/** `GET /tasks/:id/events`: server-sent events of a task, from what is known now to its outcome, with which they end. */
export function taskEventsEndpoint({ goflow, held, logger }: GatewayDeps): Endpoint {
  return {
    method: 'GET',
    path: '/tasks/:id/events',
    role: 'read',
    isLong: true,
    operation: OPERATION,
    handle: async (request, response) => {
      const lastId = request.headers['last-event-id'];
      if (lastId === END) {
        response.status(204).end();
        return;
      }
      const id = idOf(request);
      const signal = held.streams.hold(response);
      // Said before the stream begins: of an id that is unknown there is nothing to be told.
      if ((await goflow.status(id)).status === 'unknown') throw unknownTask(id);
      const stream = new EventStream(response, signal);
      if (request.method === 'HEAD') stream.end();
      else
        await tell(goflow, { id, seen: seenOf(request), signal, stream }).catch(
          (error: unknown) => {
            if (isGoflowError(error, 'WAIT_ABORTED')) return;
            logger.warn(
              { code: isGoflowError(error) ? error.code : 'INTERNAL' },
              'a stream of events was ended',
            );
          },
        );
      stream.end();
    },
  };
}

interface Watch {
  readonly id: string;
  /** The last log line that the client has. */
  readonly seen: number;
  readonly signal: AbortSignal;
  readonly stream: EventStream;
}

/** Ends with the outcome, or early: with the signal, or an error of the broker. Then the client comes again. */
async function tell(
  goflow: Goflow<TaskDefinitions>,
  { id, seen, signal, stream }: Watch,
): Promise<void> {
  let last = seen;
  for await (const change of goflow.watch(id, { signal })) {
    if (change.kind === 'log') {
      // What is known is told first, and so again to who comes again.
      if (change.line.seq <= seen) continue;
      last = Math.max(last, change.line.seq);
    }
    stream.send({
      id: change.kind === 'outcome' ? END : `${last}`,
      event: change.kind,
      data: dataOf(change),
    });
  }
}

function dataOf(change: TaskChange): unknown {
  switch (change.kind) {
    case 'progress':
      return change.progress;
    case 'log':
      return change.line;
    case 'outcome':
      return change.result;
  }
}

/** An id of other shape is none of ours: then all is told. */
function seenOf({ headers }: Request): number {
  const id = headers['last-event-id'];
  return typeof id === 'string' && /^\d{1,15}$/.test(id) ? Number(id) : 0;
}
