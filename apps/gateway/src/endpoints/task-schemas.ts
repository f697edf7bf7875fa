import type { PushOptions } from '@goflow/shared';
import {
  COUNT,
  FLAG,
  fields,
  inPath,
  type JsonSchema,
  listOf,
  onlyFields,
  ref,
  TEXT,
  TIME,
  told,
} from '../openapi/parts.js';

/** In paths where a task type and an id have the same place. */
export const TASK = inPath('task', 'The type of a task for POST, its id for GET and DELETE.');
export const TYPE = inPath('type', 'A task type of the contracts.', 'email.send');
export const ID = inPath('id', 'The id of a task.');

export const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  description:
    '1 to 255 printable ASCII characters. A repeated request with the same key is the same task; with another payload it is refused as TASK_ID_TAKEN.',
  schema: { ...TEXT, minLength: 1, maxLength: 255 },
};
export const TRACEPARENT = {
  name: 'traceparent',
  in: 'header',
  description: 'The trace that the request is part of (W3C Trace Context).',
  schema: TEXT,
};

const DURATION: JsonSchema = {
  anyOf: [
    { type: 'integer', minimum: 0, description: 'Milliseconds.' },
    { ...TEXT, pattern: '^\\d+(\\.\\d+)?(ms|s|m|h|d)$' },
  ],
};
const KEY = { ...TEXT, minLength: 1, maxLength: 256 };
const RETENTION = onlyFields({ 'completed?': DURATION, 'failed?': DURATION });

/** What a push may say about its task. */
const OPTIONS: Readonly<Record<`${Exclude<keyof PushOptions, 'id'>}?`, JsonSchema>> = {
  'delay?': told(DURATION, 'How long the task waits before a worker may take it.'),
  'runAt?': told(TIME, 'When a worker may take it: instead of `delay`.'),
  'priority?': { type: 'integer', minimum: 0, maximum: 2_097_152 },
  'maxAttempts?': { type: 'integer', minimum: 1, maximum: 1_000 },
  'backoff?': told({ anyOf: [DURATION, { type: 'object' }] }, 'The wait between two attempts.'),
  'timeout?': told(DURATION, 'The longest time of one attempt.'),
  'startBy?': told(DURATION, 'Not begun within this time, it expires.'),
  'deadline?': told(DURATION, 'Not completed within this time, it fails.'),
  'tags?': { ...listOf({ ...TEXT, minLength: 1, maxLength: 64 }), maxItems: 10 },
  'retention?': told(RETENTION, 'How long the finished task can be asked for.'),
  'deduplicationKey?': told(KEY, 'Pushes with it are one task while the first is unfinished.'),
  'deduplicationWindow?': {
    anyOf: [onlyFields({ throttle: DURATION }), onlyFields({ debounce: DURATION })],
  },
  'traceparent?': told(TEXT, 'Instead of the header.'),
};
const OWN_ID = { 'id?': told(KEY, 'An id of your own; not beside an Idempotency-Key.') };
/** Any JSON; the contract of its type says which. */
const PAYLOAD = told({}, 'What the contract of its type says.');

export const PUSH_BODY = onlyFields({ payload: PAYLOAD, ...OPTIONS, ...OWN_ID });
export const BULK_BODY: JsonSchema = {
  anyOf: [
    onlyFields({
      payloads: { ...listOf(PAYLOAD), minItems: 1, maxItems: 10_000 },
      'chunk?': { type: 'integer', minimum: 1, maximum: 1_000 },
      ...OPTIONS,
    }),
    onlyFields({ items: { ...listOf(PUSH_BODY), minItems: 1, maxItems: 10_000 } }),
  ],
};
export const PUSHED = fields({
  id: TEXT,
  deduplicated: told(FLAG, 'True where the task was there before.'),
});
export const PUSHED_MANY = fields({ ids: told(listOf(TEXT), 'In the order of the payloads.') });
export const OUTCOMES = fields({
  pushed: COUNT,
  failed: COUNT,
  outcomes: told(
    listOf({
      anyOf: [
        fields({ id: TEXT, pushed: { const: true }, deduplicated: FLAG }),
        fields({
          id: TEXT,
          pushed: { const: false },
          code: ref('ErrorCode'),
          detail: TEXT,
          'sent?': told(FLAG, 'It may be in all the same.'),
        }),
      ],
    }),
    'In the order of the payloads.',
  ),
});

const FACTS = {
  id: TEXT,
  type: TEXT,
  attempts: told(COUNT, 'Attempts that have ended.'),
  pushedAt: TIME,
  'startedAt?': TIME,
  'finishedAt?': TIME,
};
export const TASK_RESULT = fields({
  status: ref('TaskState'),
  ...FACTS,
  'value?': told({}, 'The result, where it completed.'),
  'failure?': told(ref('TaskFailure'), 'Why it ended otherwise.'),
});
export const TASK_INFO: JsonSchema = {
  allOf: [
    ref('TaskSummary'),
    fields({
      payload: told({}, 'As it was pushed; what its contract redacts is not shown.'),
      'result?': {},
      'isStored?': told(FLAG, 'Its result lies in a result store: ask for its result.'),
      'progress?': {},
      log: listOf(
        fields({ at: TIME, level: TEXT, message: TEXT, attempt: COUNT, seq: COUNT, 'fields?': {} }),
      ),
      history: listOf(
        fields({
          attempt: COUNT,
          startedAt: TIME,
          'endedAt?': TIME,
          'worker?': TEXT,
          outcome: TEXT,
          'failure?': fields({ name: TEXT, message: TEXT, 'code?': TEXT }),
        }),
      ),
      options: { type: 'object' },
      starts: COUNT,
      stalls: COUNT,
      'worker?': TEXT,
    }),
  ],
};
export const CANCELLED = fields({
  id: TEXT,
  found: ref('TaskState'),
  effect: { type: 'string', enum: ['cancelled', 'requested', 'none'] },
});
