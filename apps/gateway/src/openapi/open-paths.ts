import { answer, fields, TEXT } from './parts.js';

const of = (operationId: string, summary: string, responses: object): object => ({
  get: { operationId, summary, tags: ['process'], security: [], responses },
});

/** What is open to all: for what starts, stops and watches the process. */
export const OPEN_PATHS: Readonly<Record<string, object>> = {
  '/livez': of('isLive', 'Whether the process answers', {
    200: answer('It does.', fields({ status: TEXT })),
  }),
  '/readyz': of('isReady', 'Whether Redis answers', {
    200: answer('It does.', fields({ status: TEXT })),
    503: answer('It does not.', fields({ status: TEXT })),
  }),
};
