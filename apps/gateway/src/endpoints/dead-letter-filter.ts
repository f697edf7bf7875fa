import type { DeadLetterFilter, DeadLetterReason } from '@goflow/sdk';
import { DEAD_LETTER_REASONS } from '@goflow/shared';
import { inQuery, TEXT, TIME } from '../openapi/parts.js';
import { dateOf, type Query } from '../requests/query.js';
import { badRequest } from './body-fields.js';

/** The fields of a filter of dead letters, in a query as in a body. */
export const FILTER_FIELDS = [
  'type',
  'queue',
  'tag',
  'since',
  'until',
  'text',
  'reason',
  'fingerprint',
] as const;

type Given = Readonly<Partial<Record<(typeof FILTER_FIELDS)[number], unknown>>>;

/** The SDK checks the rest. @throws REQUEST_INVALID naming the field */
export function filterOf({ type, queue, tag, text, reason, fingerprint, ...times }: Given) {
  const texts = { type, queue, tag, text, reason, fingerprint };
  const since = dateOf('since', times.since);
  const until = dateOf('until', times.until);
  const given = Object.entries({ ...texts, since, until }).filter(([name, value]) => {
    if (value === undefined) return false;
    if (!(value instanceof Date) && typeof value !== 'string')
      throw badRequest(`${name} is a string`);
    return true;
  });
  return Object.fromEntries(given) as DeadLetterFilter;
}

/** The filter of a query. @throws REQUEST_INVALID naming the parameter */
export const filterIn = (query: Query): DeadLetterFilter =>
  filterOf(Object.fromEntries(FILTER_FIELDS.map((name) => [name, query.get(name)])));

/** As parameters of a list. */
export const FILTER_PARAMETERS: readonly object[] = [
  inQuery('type', TEXT, 'Of this type.'),
  inQuery('queue', TEXT, 'Of this queue.'),
  inQuery('tag', TEXT, 'Pushed with this tag.'),
  inQuery('since', TIME, 'Ended since.'),
  inQuery('until', TIME, 'Ended at this time at the latest.'),
  inQuery(
    'text',
    { ...TEXT, minLength: 1, maxLength: 200 },
    'In the id, type, tags, payload or failure.',
  ),
  inQuery(
    'reason',
    { type: 'string', enum: DEAD_LETTER_REASONS satisfies readonly DeadLetterReason[] },
    'Why.',
  ),
  inQuery('fingerprint', TEXT, 'What a group says.'),
];
