import type { DeadLetterFilter } from '@goflow/sdk';
import { momentOf } from '../parts/fields.js';

/** What was filled in to choose dead letters, as the address and forms have it; empty where nothing was. */
export const LETTER_FIELDS = [
  'q',
  'type',
  'queue',
  'reason',
  'tag',
  'since',
  'until',
  'fingerprint',
] as const;

export type LetterSearch = Readonly<Record<(typeof LETTER_FIELDS)[number], string>>;

/** Of a query, or of a form. Times come out as a field for times takes them. */
export function letterSearchOf(given: Readonly<Record<string, string | undefined>>): LetterSearch {
  const entries = LETTER_FIELDS.map((name) => [name, given[name]?.trim() ?? '']);
  const { since, until, ...rest } = Object.fromEntries(entries) as LetterSearch;
  return { ...rest, since: forField(since), until: forField(until) };
}

const forField = (text: string): string => momentOf(text)?.toISOString().slice(0, 23) ?? '';

/** The same as the inspector has it, which checks it. */
export function letterFilterOf({ q, since, until, ...words }: LetterSearch): DeadLetterFilter {
  const times = { since: momentOf(since), until: momentOf(until) };
  const given = Object.entries({ ...words, text: q, ...times }).filter(
    ([, value]) => value !== '' && value !== undefined,
  );
  return Object.fromEntries(given) as DeadLetterFilter;
}
