import { DEAD_LETTER_REASONS, ERRORS, TASK_STATES } from '@goflow/shared';
import {
  COUNT,
  FLAG,
  fields,
  type JsonSchema,
  listOf,
  mapOf,
  onlyFields,
  TEXT,
  TIME,
  told,
} from './parts.js';

const own = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
const CONCURRENCY = { type: 'integer', minimum: 0, maximum: 10_000 };

const LETTERS = {
  DeadLetterReason: { type: 'string', enum: DEAD_LETTER_REASONS },
  DeadLetterFilter: told(
    onlyFields({
      'type?': TEXT,
      'queue?': TEXT,
      'tag?': TEXT,
      'since?': told(TIME, 'Those that ended since.'),
      'until?': told(TIME, 'Those that ended at this time at the latest.'),
      'text?': {
        ...TEXT,
        minLength: 1,
        maxLength: 200,
        description: 'Stands in the id, the type, a tag, the payload or the failure.',
      },
      'reason?': own('DeadLetterReason'),
      'fingerprint?': told(TEXT, 'What a group or a task says.'),
    }),
    'What is given must all be true; `{}` means all dead letters.',
  ),
  DeadLetterGroup: fields({
    fingerprint: TEXT,
    type: TEXT,
    reason: own('DeadLetterReason'),
    count: COUNT,
    message: told(TEXT, 'Of the newest failure.'),
    firstAt: TIME,
    lastAt: TIME,
    sample: told(listOf(TEXT), 'The ids of at most 5 of them.'),
  }),
  BulkFailure: fields({ id: TEXT, error: own('TaskFailure') }),
  BulkReport: told(
    fields({
      until: told(
        TIME,
        'As `filter.until` of a repetition, it leaves alone what has failed since.',
      ),
      examined: COUNT,
      'redriven?': told(COUNT, 'Of a redrive.'),
      'discarded?': told(COUNT, 'Of a discard.'),
      skipped: told(COUNT, 'Somebody else was faster, or they have failed since it began.'),
      failedCount: COUNT,
      failed: told(listOf(own('BulkFailure')), 'The first 100 of them, and why.'),
      complete: told(
        FLAG,
        'False: it ended at `within` or `limit`; asked again, it does the rest.',
      ),
    }),
    'How far it came.',
  ),
  DryRun: told(
    fields({
      dryRun: { const: true },
      until: TIME,
      matched: told(COUNT, 'Dead letters that answer to the filter.'),
      examined: COUNT,
      complete: told(FLAG, 'False: it was counted until `within` or `limit`.'),
    }),
    'What would be taken.',
  ),
} satisfies Record<string, JsonSchema>;

const FLEET = {
  Labels: mapOf(TEXT),
  QueueCounts: fields(Object.fromEntries(TASK_STATES.map((state) => [state, COUNT]))),
  Queue: fields({
    queue: TEXT,
    isPaused: FLAG,
    counts: own('QueueCounts'),
    'oldestWaitingAt?': told(
      TIME,
      'Since when the task waits that waits longest, its delay aside.',
    ),
    'oldestWaitingMs?': told(COUNT, 'The same, as its age in milliseconds.'),
    consumers: told(COUNT, 'Live workers that take from it.'),
  }),
  WorkerQueue: fields({
    concurrency: CONCURRENCY,
    active: COUNT,
    'desired?': CONCURRENCY,
    'isOverridden?': FLAG,
  }),
  Worker: fields({
    name: TEXT,
    host: TEXT,
    pid: { type: 'integer' },
    version: TEXT,
    envelopeVersion: { type: 'integer' },
    types: told(listOf(TEXT), 'The types that it has handlers for.'),
    queues: mapOf(own('WorkerQueue')),
    'labels?': own('Labels'),
    'concurrencyBounds?': fields({ min: CONCURRENCY, max: CONCURRENCY }),
    startedAt: TIME,
    'lastTakenAt?': TIME,
    seenAt: TIME,
    eventLoopLagMs: { type: 'number' },
    state: TEXT,
  }),
  ConcurrencyRule: fields({
    concurrency: CONCURRENCY,
    'queue?': TEXT,
    'labels?': own('Labels'),
    by: TEXT,
    at: TIME,
  }),
  FleetChange: fields({
    changed: told(FLAG, 'False when it was so already.'),
    'before?': told(CONCURRENCY, 'What was said for this scope before.'),
  }),
  AuditRecord: fields({
    at: TIME,
    by: TEXT,
    action: TEXT,
    'queue?': TEXT,
    'labels?': own('Labels'),
    'worker?': TEXT,
    'from?': CONCURRENCY,
    'to?': CONCURRENCY,
  }),
} satisfies Record<string, JsonSchema>;

const TASKS = {
  TaskState: { type: 'string', enum: TASK_STATES },
  FoundState: { type: 'string', enum: [...TASK_STATES, 'unknown'] },
  TaskFailure: fields({
    name: TEXT,
    message: TEXT,
    code: told(TEXT, 'A stable code: one of goflow’s, or the error’s own.'),
    'stack?': TEXT,
    'details?': {},
    'cause?': own('TaskFailure'),
  }),
  TaskSummary: fields({
    id: TEXT,
    type: TEXT,
    queue: TEXT,
    status: own('TaskState'),
    attempts: COUNT,
    tags: listOf(TEXT),
    priority: COUNT,
    pushedAt: TIME,
    'startedAt?': TIME,
    'finishedAt?': TIME,
    'failure?': own('TaskFailure'),
    'reason?': own('DeadLetterReason'),
    'fingerprint?': TEXT,
  }),
  TaskList: fields({
    tasks: told(listOf(own('TaskSummary')), 'May be empty, and yet there are more.'),
    'next?': told(TEXT, 'The cursor of the next page; not there on the last one.'),
  }),
} satisfies Record<string, JsonSchema>;

/** What several endpoints answer with, or take. */
export const SCHEMAS = Object.freeze({
  ErrorCode: { type: 'string', enum: Object.keys(ERRORS) },
  Problem: told(
    fields({
      type: told(TEXT, '`urn:goflow:error:` and the code.'),
      title: TEXT,
      status: { type: 'integer' },
      detail: TEXT,
      code: own('ErrorCode'),
    }),
    'A problem of RFC 9457. `code` is stable: it is what programs look at.',
  ),
  ...TASKS,
  ...LETTERS,
  ...FLEET,
} satisfies Record<string, JsonSchema>);
